package main

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// request is what sources look at.
type request struct {
	headers [][2]string // with names in lower case
	client  *netip.Addr // read when first asked for; invalid if it is unknown
}

// header is the value of the first header of that name, which is in lower case.
func (r *request) header(name string) (string, bool) {
	for i := range r.headers {
		if r.headers[i][0] == name {
			return r.headers[i][1], true
		}
	}
	return "", false
}

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
		return source{kind: "header", key: "x-mse-consumer"}, nil
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
		return bareHost(host), ok
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

// parameter is the first value of a query parameter, decoded. Pairs that are malformed or have a semicolon are left out,
// and a path that is malformed before the query has no parameters.
func parameter(path, name string) (string, bool) {
	bare, _, _ := strings.Cut(path, "?")
	if _, ok := query.Percent(bare); !ok || hasControl(path) {
		return "", false
	}
	text, _ := query.Of(path)
	for pair := range query.Pairs(text) {
		if pair == (query.Pair{}) || strings.Contains(pair.Name, ";") || strings.Contains(pair.Value, ";") {
			continue
		}
		if key, ok := query.Form(pair.Name); !ok || key != name {
			continue
		}
		if value, ok := query.Form(pair.Value); ok {
			return value, true
		}
	}
	return "", false
}

func hasControl(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return true
		}
	}
	return false
}

// bareHost is a host without port and final dot, in lower case.
func bareHost(host string) string {
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		if _, err := strconv.ParseUint(host[colon+1:], 10, 16); err == nil || host[colon+1:] == "" {
			host = host[:colon]
		}
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
