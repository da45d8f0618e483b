package ratelimit

import (
	"net/url"
	"strings"
)

// firstParam returns the value of the first parameter of that name in a path's query. The path before the query may be
// anything. Names and values are decoded as in forms ("+" is a space); a pair with a malformed escape or a semicolon is
// left out, and only that pair. With undecoded nothing is decoded and no pair is malformed.
func firstParam(path, name string, undecoded bool) (string, bool) {
	_, query, _ := strings.Cut(path, "?")
	query, _, _ = strings.Cut(query, "#")
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		key, value, _ := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		if undecoded {
			if key == name {
				return value, true
			}
			continue
		}
		if strings.IndexByte(pair, ';') >= 0 {
			continue
		}
		key, err := url.QueryUnescape(key)
		if err != nil || key != name {
			continue
		}
		if value, err = url.QueryUnescape(value); err == nil {
			return value, true
		}
	}
	return "", false
}
