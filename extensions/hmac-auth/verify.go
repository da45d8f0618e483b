package main

import (
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

// request is one whose caller is known. It is kept while its body is waited for.
type request struct {
	headers   [][2]string // shared
	caller    caller
	signature string
	date      time.Time // zero where dates are not looked at
	names     names
	form      bool   // the parameters of the body are signed
	md5       string // what the body must have; "" if anything
}

// requiresHeaders tells whether some headers must be signed: then names are taken as those of headers and not as texts.
func (a *authentication) requiresHeaders() bool { return len(a.required) > 0 || a.replays != nil }

// signsEnough tells whether everything that the configuration wants signed is in the request and in the client's list.
func (a *authentication) signsEnough(r *request) bool {
	for _, name := range a.required {
		if !r.names.holds(name) || !isThere(r.headers, name) {
			return false
		}
	}
	if a.replays == nil {
		return true
	}
	if date := httpheader.First(r.headers, headerDate); date == "" && !r.names.holds(headerTimestamp) {
		return false
	}
	if !a.replays.Nonce {
		return true
	}
	return r.names.holds(headerNonce) && httpheader.First(r.headers, headerNonce) != ""
}

func isThere(headers [][2]string, name string) bool {
	_, presence := signature.Header(headers, name)
	return presence != signature.Absent
}

// verify tells whether the signature is the caller's over this request. Else text is what he should have signed, or "" if
// there is no such text.
func (a *authentication) verify(r *request, form string) (ok bool, text string) {
	if !r.names.usable {
		return false, ""
	}
	path, query, _ := strings.Cut(httpheader.First(r.headers, ":path"), "?")
	list, repeated, ok := parameters(query, form)
	if !ok {
		return false, ""
	}
	text, conflicting := stringToSign(r.headers, r.names.exact(), path, list)
	if conflicting || a.strictParameters && (repeated || isAmbiguous(query) || isAmbiguous(form)) {
		return false, text
	}
	algorithm, ok := a.algorithm(r.headers)
	if !ok {
		return false, text
	}
	if algorithm.Verify(r.caller.secret, text, r.signature) {
		return true, ""
	}
	if r.names.trimmed == nil || a.requiresHeaders() {
		return false, text
	}
	asListed, conflicting := stringToSign(r.headers, r.names.asListed, path, list)
	return !conflicting && algorithm.Verify(r.caller.secret, asListed, r.signature), text
}

// algorithm is what x-ca-signature-method says. It need not be signed: each algorithm needs the secret.
func (a *authentication) algorithm(headers [][2]string) (signature.Algorithm, bool) {
	name, presence := signature.Header(headers, headerMethod)
	if presence == signature.Conflicting {
		return signature.Algorithm{}, false
	}
	if name == "HmacSHA1" {
		return signature.SHA1, !a.forbidSHA1
	}
	return signature.SHA256, true
}
