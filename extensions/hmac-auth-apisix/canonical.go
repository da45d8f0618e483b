package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

// requestTarget stands for method and path in a list of signed headers. Only in this case.
const requestTarget = "@request-target"

// stringToSign builds the text that is signed. Headers that the request does not have are left out. conflicting tells
// that one of them comes with several values.
func stringToSign(headers [][2]string, c *credentials) (text string, conflicting bool) {
	var b strings.Builder
	b.WriteString(c.keyID)
	b.WriteByte('\n')
	for _, name := range c.listed {
		if name == requestTarget {
			b.WriteString(httpheader.First(headers, ":method"))
			b.WriteByte(' ')
			b.WriteString(httpheader.First(headers, ":path"))
			b.WriteByte('\n')
			continue
		}
		value, presence := signature.Header(headers, strings.ToLower(name))
		if presence == signature.Absent {
			continue
		}
		conflicting = conflicting || presence == signature.Conflicting
		b.WriteString(name)
		b.WriteString(": ")
		b.WriteString(value)
		b.WriteByte('\n')
	}
	return b.String(), conflicting
}

// isSigned tells whether the client signs a header, which is then there, or the request target. name is in lower case.
func (c *credentials) isSigned(headers [][2]string, name string) bool {
	for _, listed := range c.listed {
		if listed == requestTarget && name == requestTarget {
			return true
		}
		if name == requestTarget || !strings.EqualFold(listed, name) {
			continue
		}
		_, presence := signature.Header(headers, name)
		return presence != signature.Absent
	}
	return false
}
