// Package cookie reads the cookies of requests as servers do (RFC 6265, section 5.4), not as strictly as they are set.
package cookie

import "strings"

// First returns the value of the first cookie of that name: all text after the first "=", white space around it dropped. A
// pair without "=" has the empty value. ok is false where there is no such cookie. headers have names in lower case.
func First(headers [][2]string, name string) (value string, ok bool) {
	for i := range headers {
		if headers[i][0] != "cookie" {
			continue
		}
		if value, ok = in(headers[i][1], name); ok {
			return value, true
		}
	}
	return "", false
}

func in(list, name string) (string, bool) {
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
