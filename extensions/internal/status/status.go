// Package status compares statuses of responses with patterns.
package status

import "strings"

// Parse reads a pattern: a status, or a class of them in which x stands for any digit, such as "5xx". It is returned in lower
// case; ok is false if no status of a response is like it.
func Parse(text string) (pattern string, ok bool) {
	pattern = strings.ToLower(text)
	ok = len(pattern) == 3 && strings.Trim(pattern[:1], "12345x") == "" && strings.Trim(pattern[1:], "0123456789x") == ""
	return pattern, ok
}

// Matches compares a status with a pattern, in which a lower-case x is any digit. A pattern that Parse refuses matches nothing
// but itself.
func Matches(pattern, status string) bool {
	if len(pattern) != len(status) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != 'x' && pattern[i] != status[i] {
			return false
		}
	}
	return true
}

// MatchesAny compares a status with a list of patterns.
func MatchesAny(patterns []string, status string) bool {
	for _, pattern := range patterns {
		if Matches(pattern, status) {
			return true
		}
	}
	return false
}
