package main

import (
	"iter"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
)

// eachCookie yields the cookies of a request (RFC 6265, section 4.2), in order. headers have their names in lower case.
func eachCookie(headers [][2]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for pair := range cookie.Pairs(headers) {
			name, value, ok := strings.Cut(pair, "=")
			if ok && !yield(name, value) {
				return
			}
		}
	}
}

// sessionCookie returns the value of a session: the cookie of that name, else its parts name_0, name_1 … joined; and
// the names of all of them that the request has.
func sessionCookie(headers [][2]string, name string) (value string, present []string) {
	var parts [maxParts]string
	whole := ""
	seen := map[string]bool{}
	for n, v := range eachCookie(headers) {
		rest, ok := strings.CutPrefix(n, name)
		if !ok || seen[n] {
			continue
		}
		if rest == "" {
			seen[n], whole = true, v
			present = append(present, n)
			continue
		}
		part, ok := partNumber(rest)
		if !ok {
			continue
		}
		seen[n] = true
		present = append(present, n)
		if part < maxParts {
			parts[part] = v
		}
	}
	if whole != "" {
		return whole, present
	}
	var b strings.Builder
	for _, part := range parts {
		if part == "" {
			break
		}
		b.WriteString(part)
	}
	return b.String(), present
}

// partNumber reads "_12".
func partNumber(text string) (int, bool) {
	digits, ok := strings.CutPrefix(text, "_")
	if !ok || digits == "" || len(digits) > 3 || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), err == nil
}
