package httpcache

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// Headers are header lines in their order, names in lower case, pseudo headers possibly among them.
type Headers [][2]string

// Get returns the first line of that name.
func (h Headers) Get(name string) (value string, ok bool) { return httpheader.Find(h, name) }

// Has tells whether there is a line of that name.
func (h Headers) Has(name string) bool { return httpheader.Has(h, name) }

// Joined returns all lines of that name as one value (RFC 9110, section 5.3).
func (h Headers) Joined(name string) (value string, ok bool) { return httpheader.Joined(h, name) }

// With returns the headers with one line of that name in place of all others.
func (h Headers) With(name, value string) Headers {
	return append(h.Without(name), [2]string{name, value})
}

// Without returns the headers without the lines of that name.
func (h Headers) Without(name string) Headers {
	kept := make(Headers, 0, len(h)+1)
	for _, line := range h {
		if line[0] != name {
			kept = append(kept, line)
		}
	}
	return kept
}

// hopByHop are the headers that belong to a connection (RFC 9110, section 7.6.1; RFC 9111, section 3.1).
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true, "proxy-authenticate": true, "proxy-authentication-info": true,
	"proxy-authorization": true,
}

// Stored returns the lines of a response that are stored with it: none that belong to the connection, or that Connection
// names, no pseudo headers, and no content length, for the body tells.
func (h Headers) Stored() Headers {
	connection, _ := h.Joined("connection")
	kept := make(Headers, 0, len(h))
	for _, line := range h {
		name := line[0]
		if strings.HasPrefix(name, ":") || hopByHop[name] || name == "content-length" || body.HasToken(connection, name) {
			continue
		}
		kept = append(kept, line)
	}
	return kept
}
