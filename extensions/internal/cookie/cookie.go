// Package cookie reads the cookies of requests as servers do (RFC 6265, section 5.4), not as strictly as they are set.
package cookie

import (
	"iter"
	"strings"
)

// Pairs yields the cookies of a request as they stand, in order, without the white space around them: "name=value", or
// text without "=". They may be in several lines (RFC 9113, section 8.2.3). Empty ones are left out. headers have names in
// lower case.
func Pairs(headers [][2]string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range headers {
			if headers[i][0] != "cookie" {
				continue
			}
			for pair := range strings.SplitSeq(headers[i][1], ";") {
				if pair = strings.Trim(pair, " \t"); pair != "" && !yield(pair) {
					return
				}
			}
		}
	}
}

// Cut divides a pair at its first "=" and drops the white space around both halves. ok is false where there is no "=";
// the name is then the whole text.
func Cut(pair string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(pair, "=")
	return strings.Trim(name, " \t"), strings.Trim(value, " \t"), ok
}

// First returns the value of the first cookie of that name: all text after the first "=", white space around it dropped. A
// pair without "=" has the empty value. ok is false where there is no such cookie. headers have names in lower case.
func First(headers [][2]string, name string) (value string, ok bool) {
	for pair := range Pairs(headers) {
		if key, value, _ := Cut(pair); key == name {
			return value, true
		}
	}
	return "", false
}
