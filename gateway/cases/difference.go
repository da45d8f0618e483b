package cases

import (
	"strings"
	"unicode/utf8"
)

// Bounds of a difference: how many lines are compared, and how many equal ones are shown around one that differs.
const (
	diffLines   = 400
	diffContext = 2
)

// lineDiff shows two texts of several lines as one: "-" what was expected only, "+" what came only. It returns "" for
// texts of one line, and for what is no text or too long to compare.
func lineDiff(expected, actual string) string {
	a, b := strings.Split(expected, "\n"), strings.Split(actual, "\n")
	if len(a) == 1 && len(b) == 1 || len(a) > diffLines || len(b) > diffLines ||
		!utf8.ValidString(expected) || !utf8.ValidString(actual) {
		return ""
	}
	lines := mergeCommon(a, b, commonLengths(a, b))
	var out []string
	last := -1
	for i := range lines {
		if !nearChange(lines, i) {
			continue
		}
		if i != last+1 {
			out = append(out, "  …")
		}
		out, last = append(out, lines[i]), i
	}
	if last < len(lines)-1 {
		out = append(out, "  …")
	}
	return strings.Join(out, "\n")
}

// commonLengths is the table of the longest common subsequences of all ends of a and b.
func commonLengths(a, b []string) [][]int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
				continue
			}
			table[i][j] = max(table[i+1][j], table[i][j+1])
		}
	}
	return table
}

func mergeCommon(a, b []string, table [][]int) []string {
	var lines []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			lines = append(lines, "  "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && table[i+1][j] >= table[i][j+1]:
			lines = append(lines, "- "+a[i])
			i++
		default:
			lines = append(lines, "+ "+b[j])
			j++
		}
	}
	return lines
}

func nearChange(lines []string, i int) bool {
	for k := max(0, i-diffContext); k <= min(len(lines)-1, i+diffContext); k++ {
		if lines[k][0] != ' ' {
			return true
		}
	}
	return false
}
