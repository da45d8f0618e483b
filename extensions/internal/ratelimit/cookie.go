package ratelimit

import (
	"strings"
)

// firstCookie returns the value of the first pair of that name in the cookie headers: all text after the first "=",
// white space around it dropped. A pair without "=" has the empty value.
func firstCookie(headers [][2]string, name string) string {
	for i := range headers {
		if headers[i][0] != "cookie" {
			continue
		}
		if value, ok := cookieIn(headers[i][1], name); ok {
			return value
		}
	}
	return ""
}

func cookieIn(list, name string) (string, bool) {
	for list != "" {
		var pair string
		pair, list, _ = strings.Cut(list, ";")
		key, value, _ := strings.Cut(pair, "=")
		if strings.Trim(key, " \t") == name {
			return strings.Trim(value, " \t"), true
		}
	}
	return "", false
}
