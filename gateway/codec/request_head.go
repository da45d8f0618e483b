package codec

import (
	"bufio"
	"errors"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// requestHead is a parsed HTTP/1 request head.
type requestHead struct {
	headers   *header.Map
	method    string
	http10    bool
	keepAlive bool // the client wants the connection to persist
	tunnel    bool // an upgrade or CONNECT: raw once accepted
	connect   bool
	expect100 bool
	framing   bodyFraming
	length    int64
}

// knownMethods are those Envoy's HTTP/1 codec accepts while allow_custom_methods is off; others are refused.
var knownMethods = strings.Fields(`ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY
	MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE
	TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE`)

// readRequestHead reads one request head. The error is a *RefusedError, or the connection's.
func readRequestHead(br *bufio.Reader, limits Limits, scheme string) (*requestHead, error) {
	line, err := readRequestLine(br, limits)
	if err != nil {
		return nil, err
	}
	method, rest, _ := strings.Cut(line, " ")
	target, version, found := strings.Cut(rest, " ")
	if !found || target == "" {
		return nil, refuse("http1.codec_error", "malformed request line")
	}
	if version != "HTTP/1.1" && version != "HTTP/1.0" {
		return nil, refuse("http1.codec_error", "version %q", version)
	}
	if !slices.Contains(knownMethods, method) {
		return nil, refuse("http1.codec_error", "method %q", method)
	}
	fields, err := readFields(br, limits, len(line)+2)
	if err != nil {
		return nil, err
	}
	h := &requestHead{method: method, http10: version == "HTTP/1.0", connect: method == "CONNECT"}
	if refused := h.interpret(target, scheme, fields); refused != nil {
		return nil, refused
	}
	return h, nil
}

// readRequestLine skips empty lines before the request line (RFC 9112 section 2.2), as many as the limit allows.
func readRequestLine(br *bufio.Reader, limits Limits) (string, error) {
	limit := min(limits.RequestLine, limits.HeaderBytes)
	for used := 0; ; used += 2 {
		line, err := readLine(br, limit-used)
		if errors.Is(err, errLineTooLong) {
			if limits.RequestLine < limits.HeaderBytes {
				return "", &RefusedError{Status: 414, Details: "http1.request_line_too_long", Reason: "request line too long"}
			}
			return "", &RefusedError{Status: 431, Details: "http1.headers_too_large", Reason: "request line too long"}
		}
		if err != nil || line != "" {
			return line, err
		}
	}
}

func (h *requestHead) interpret(target, scheme string, fields []header.Entry) *RefusedError {
	if !isTarget(target) {
		return refuse("http1.invalid_url", "control character in the request target")
	}
	host, hosts := "", 0
	for _, f := range fields {
		if f.Name == "host" {
			host = f.Value
			hosts++
		}
	}
	switch {
	case hosts > 1:
		return refuse("http1.codec_error", "repeated host")
	case hosts == 0 && !h.http10:
		return refuse("missing_host_header", "no host")
	case strings.ContainsAny(host, " \t,/@"):
		return refuse("http1.invalid_url", "host %q", host)
	}
	path, authority, scheme, ok := splitTarget(target, h.method, host, scheme)
	if !ok {
		return refuse("http1.invalid_url", "request target %q", target)
	}
	var refused *RefusedError
	if h.framing, h.length, refused = fieldFraming(fields, h.http10); refused != nil {
		return refused
	}
	h.keepAlive = !hasListToken(fields, "connection", "close") &&
		(!h.http10 || hasListToken(fields, "connection", "keep-alive"))
	hasBody := h.framing == framingChunked || h.length > 0
	if h.connect && hasBody {
		return refuse("http1.body_disallowed", "CONNECT with a body")
	}
	fields = h.interpretUpgrade(fields, hasBody)
	h.expect100 = !h.http10 && hasBody && hasListToken(fields, "expect", "100-continue")

	h.headers = header.New() // in Envoy's order, which plugins see
	if hosts > 0 || authority != "" {
		h.headers.Append(":authority", authority)
	}
	if !h.connect {
		h.headers.Append(":path", path)
	}
	h.headers.Append(":method", h.method)
	h.headers.Append(":scheme", scheme)
	for _, f := range fields {
		if f.Name == "host" || f.Name == "expect" && strings.EqualFold(f.Value, "100-continue") {
			continue
		}
		h.headers.Append(f.Name, f.Value)
	}
	return nil
}

// interpretUpgrade decides whether the request asks for a tunnel, and takes upgrade and its connection tokens away where
// the codec ignores it: h2c, as Envoy does, and an upgrade of a request with a body or of an HTTP/1.0 request, which a
// server may and should ignore (RFC 9110 section 7.8).
func (h *requestHead) interpretUpgrade(fields []header.Entry, hasBody bool) []header.Entry {
	h.tunnel = h.connect
	if h.connect || !hasListToken(fields, "connection", "upgrade") {
		return fields
	}
	upgrade := ""
	for _, f := range fields {
		if f.Name == "upgrade" {
			upgrade += "," + f.Value
		}
	}
	if upgrade == "" {
		return fields
	}
	if !hasBody && !h.http10 && !listHas(upgrade, "h2c") {
		h.tunnel = true
		return fields
	}
	var kept []header.Entry
	for _, f := range fields {
		switch f.Name {
		case "upgrade", "http2-settings":
			continue
		case "connection":
			f.Value = withoutTokens(f.Value, "upgrade", "http2-settings")
			if f.Value == "" {
				continue
			}
		}
		kept = append(kept, f)
	}
	return kept
}

func withoutTokens(list string, tokens ...string) string {
	var kept []string
	for item := range strings.SplitSeq(list, ",") {
		item = strings.Trim(item, " \t")
		if item != "" && !slices.ContainsFunc(tokens, func(t string) bool { return strings.EqualFold(t, item) }) {
			kept = append(kept, item)
		}
	}
	return strings.Join(kept, ", ")
}

// splitTarget resolves a request target (RFC 9112 section 3.2). An absolute form's authority wins over host.
func splitTarget(target, method, host, defaultScheme string) (path, authority, scheme string, ok bool) {
	if method == "CONNECT" {
		return "", target, defaultScheme, !strings.ContainsAny(target, "/?#@")
	}
	if target[0] == '/' || target == "*" && method == "OPTIONS" {
		return target, host, defaultScheme, true
	}
	scheme, rest, found := strings.Cut(target, "://")
	scheme = strings.ToLower(scheme)
	if !found || scheme != "http" && scheme != "https" {
		return "", "", "", false
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, path = rest[:end], rest[end:]
	if authority == "" || strings.ContainsAny(authority, "@,") {
		return "", "", "", false
	}
	if path == "" && method == "OPTIONS" {
		return "*", authority, scheme, true
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	return path, authority, scheme, true
}
