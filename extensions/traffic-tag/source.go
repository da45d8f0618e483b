package main

import (
	"net/netip"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// request is what sources look at.
type request struct {
	headers [][2]string // with names in lower case
	client  *netip.Addr // read when first asked for; invalid if it is unknown
}

// header is the value of the first header of that name, which is in lower case.
func (r *request) header(name string) (string, bool) { return httpheader.Find(r.headers, name) }

// address is the client's, as the gateway sees it: behind proxies that it trusts, that of the client behind them.
func (r *request) address() netip.Addr {
	if r.client == nil {
		client, _ := address.Peer()
		r.client = &client
	}
	return *r.client
}

// source is the part of a request that is looked at.
type source struct {
	kind string // "header", "cookie", "parameter", "host", "path", "method" or "client_ip"
	key  string // name of a header (lower case), cookie or parameter
}

func parseSource(o field.Object) (source, error) {
	kind, key := text(o, "conditionType"), text(o, "key")
	s := source{kind: strings.ToLower(kind), key: key}
	switch s.kind {
	case "":
		return s, o.Error("conditionType cannot be empty")
	case "host", "path", "method", "client_ip":
		return s, nil
	case "consumer":
		return source{kind: "header", key: httpheader.Consumer}, nil
	case "header", "cookie", "parameter":
	default:
		return s, o.Error("invalid conditionType: '" + kind + "'")
	}
	if key == "" {
		return s, o.Error("key cannot be empty")
	}
	if s.kind == "header" {
		s.key = headerName(key)
	}
	return s, nil
}

// value returns the text; ok is false where the request does not have it.
func (s *source) value(r *request) (text string, ok bool) {
	switch s.kind {
	case "header":
		return r.header(s.key)
	case "cookie":
		return cookieValue(r.headers, s.key)
	case "parameter":
		path, _ := r.header(":path")
		return parameter(path, s.key)
	case "host":
		host, ok := r.header(":authority")
		return authority.Host(host), ok
	case "path":
		path, ok := r.header(":path")
		path, _, _ = strings.Cut(path, "?")
		path, _, _ = strings.Cut(path, "#")
		return path, ok
	case "method":
		return r.header(":method")
	}
	client := r.address()
	if !client.IsValid() {
		return "", false
	}
	return client.String(), true
}

// cookieValue differs from package cookie in the details, on which hashes of values depend: white space after the "="
// belongs to the value, and a piece without "=" is no cookie.
func cookieValue(headers [][2]string, name string) (string, bool) {
	for i := range headers {
		if headers[i][0] != "cookie" {
			continue
		}
		for piece := range strings.SplitSeq(headers[i][1], ";") {
			piece = strings.TrimSpace(piece)
			if len(piece) > len(name) && piece[len(name)] == '=' && piece[:len(name)] == name {
				_, value, _ := strings.Cut(piece, "=")
				return value, true
			}
		}
	}
	return "", false
}

// parameter is the first value of a query parameter. A path that is no URL's has none.
func parameter(path, name string) (string, bool) {
	if !query.IsURL(path) {
		return "", false
	}
	for pair := range query.Strict(path) {
		if pair[0] == name {
			return pair[1], true
		}
	}
	return "", false
}
