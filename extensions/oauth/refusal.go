package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

const denied = "oauth_access_denied"

// The answers to token requests that get no token, but for unsupportedGrant.
var (
	noParameters  = tokenError("Authorize parameters are missing")
	noForm        = tokenError("Invalid content-type")
	noGrant       = tokenError("grant_type is missing")
	noClientID    = tokenError("client_id is missing")
	noSecret      = tokenError("client_secret is missing")
	unknownClient = tokenError("invalid client_id or client_secret")
	invalidScope  = tokenError("invalid scope")
	formTooLarge  = consumers.Refusal{Status: 413, Details: "oauth.body_too_large", Body: "Request Body Too Large"}
)

// notAllowed is the answer to a client that may not pass here.
var notAllowed = consumers.Refusal{Status: 403, Details: denied, Body: "Access Denied"}

func tokenError(message string) consumers.Refusal {
	return consumers.Refusal{Status: 400, Details: denied + "{" + strings.ReplaceAll(message, " ", "_") + "}", Body: message}
}

// maxShown is how many bytes of a grant type, and of a realm's path, are sent back.
const maxShown = 256

// unsupportedGrant names the grant type that the client asked for. Details end up in access logs, so they show nothing
// of it but visible ASCII.
func unsupportedGrant(grant string) *consumers.Refusal {
	refusal := tokenError("grant_type:" + visible(grant[:min(len(grant), maxShown)]) + " is not support")
	return &refusal
}

func visible(text string) string {
	shown := []byte(text)
	for i, c := range shown {
		if c < ' ' || c >= 0x7f {
			shown[i] = '?'
		}
	}
	return string(shown)
}

// noToken is the answer to a request without a token that is good. The realm is the request's URL, without the query,
// which may hold secrets.
func noToken(headers [][2]string) *consumers.Refusal {
	path := httpheader.First(headers, "x-envoy-original-path")
	if path == "" {
		path = httpheader.First(headers, ":path")
	}
	path, _, _ = strings.Cut(path, "?")
	realm := httpheader.First(headers, ":scheme") + "://" + httpheader.First(headers, ":authority") +
		path[:min(len(path), maxShown)]
	return &consumers.Refusal{Status: 401, Details: denied, Body: "Invalid Jwt token",
		Headers: [][2]string{{"WWW-Authenticate", `Bearer realm="` + quotable(realm) + `"`}}}
}

// quotable makes a text fit to stand in a quoted string (RFC 9110, section 5.6.4).
func quotable(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			b.WriteByte('?')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
