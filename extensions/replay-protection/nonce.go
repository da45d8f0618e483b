package main

import (
	"strconv"
	"unicode/utf8"
)

// allows tells whether a nonce has the form that is asked for. What is no text is refused, because a Redis that is spoken
// to over HTTP cannot be asked about it.
func (c *Config) allows(nonce string) bool {
	if len(nonce) < c.least || len(nonce) > c.most {
		return false
	}
	if !c.charset {
		return utf8.ValidString(nonce)
	}
	for i := range len(nonce) {
		if !inBase64(nonce[i]) {
			return false
		}
	}
	return true
}

// inBase64 tells whether a byte belongs to base64 or its form for URLs. So the hyphens of a UUID do.
func inBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '+' || c == '/' || c == '=' || c == '-' || c == '_'
}

// brief is the beginning of a nonce, for the log: with all of it a reader could use the nonce elsewhere.
func brief(nonce string) string {
	const most = 6
	return strconv.Quote(nonce[:min(most, len(nonce)/2)] + "…")
}
