package main

import "strings"

const failureHeader = "x-envoy-auth-failure-mode-allowed"

// neverCopied tells whether a header, by its name in lower case, belongs to one message or connection, so that it makes
// no sense in another: pseudo headers, what frames the message (RFC 9112 section 6), and what is meant for the next hop
// (RFC 9110 section 7.6.1).
func neverCopied(name string) bool {
	switch name {
	case "", "host", "content-length", "transfer-encoding", "trailer", "te", "connection", "proxy-connection", "keep-alive",
		"upgrade", "http2-settings", "expect":
		return true
	}
	return name[0] == ':'
}

// clientsOwn tells whether a header, by its name in lower case, is one that clients and proxies send by themselves. Such
// a header stays with a request although the authorization service could set it and did not.
func clientsOwn(name string) bool {
	switch name {
	case "authorization", "proxy-authorization", "cookie", "user-agent", "origin", "referer", "range", "date", "cache-control",
		"pragma", "forwarded", "via", "from", "dnt", "priority", "prefer", "upgrade-insecure-requests", "x-requested-with",
		"x-request-id", "x-real-ip", "traceparent", "tracestate", "baggage", "b3":
		return true
	}
	for _, prefix := range [...]string{"accept", "content-", "if-", "sec-", "access-control-request-", "grpc-",
		"x-forwarded-", "x-envoy-", "x-b3-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return neverCopied(name)
}

// isVisible tells whether text has no blanks and no control characters. The empty text has none.
func isVisible(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] == 0x7f {
			return false
		}
	}
	return true
}

// isValue tells whether text can be the value of a header: it would end there at a line break (RFC 9110 section 5.5).
func isValue(text string) bool { return strings.IndexAny(text, "\r\n\x00") < 0 }
