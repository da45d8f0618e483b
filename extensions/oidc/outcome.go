package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const (
	authorization        = "authorization"
	forwardedAccessToken = "x-forwarded-access-token"
)

// pass lets the request of a session through. A client's own copies of what the backend takes for the session's are
// replaced or removed.
func (x *exchange) pass(s *session) {
	idToken, accessToken := "", ""
	if x.passIDToken && s.idToken != "" {
		idToken = "Bearer " + s.idToken
	}
	if x.passAccessToken {
		accessToken = s.accessToken
	}
	for _, h := range [...][2]string{{authorization, idToken}, {forwardedAccessToken, accessToken}, {httpheader.Consumer, ""}} {
		if err := x.setHeader(h[0], h[1]); err != nil {
			log.Error(h[0] + " cannot be set: " + err.Error())
			x.refuse(500, "oidc.internal_error")
			return
		}
	}
	if len(x.cookie) > 0 {
		x.ctx.SetContext(setCookieKey, x.cookie)
	}
	x.resume()
}

// passExempt lets a request through that needs no login. Its Authorization may be meant for the backend.
func (x *exchange) passExempt() {
	if err := x.setHeader(forwardedAccessToken, ""); err != nil {
		log.Error(forwardedAccessToken + " cannot be removed: " + err.Error())
		x.refuse(500, "oidc.internal_error")
		return
	}
	x.resume()
}

// setHeader gives a request header one value, or removes it.
func (x *exchange) setHeader(name, value string) error {
	if value != "" {
		return proxywasm.ReplaceHttpRequestHeader(name, value)
	}
	if !httpheader.Has(x.headers, name) {
		return nil
	}
	return proxywasm.RemoveHttpRequestHeader(name)
}

func (x *exchange) resume() {
	x.action = types.HeaderContinue
	if !x.later {
		return
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

// refuse answers with the status's own text. details are logged, and shown in the access log.
func (x *exchange) refuse(status uint32, details string) {
	log.Error(strconv.Itoa(int(status)) + ": " + details)
	var headers [][2]string
	for _, line := range x.cookie {
		headers = append(headers, [2]string{"set-cookie", line})
	}
	x.action = refusal.Send(status, details, headers, []byte(reason(status)))
}

// reason is a status's text (RFC 9110, section 15).
func reason(status uint32) string {
	switch status {
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	}
	return "Internal Server Error"
}

// send redirects the browser. Nobody may keep the answer: it holds what is for one browser only.
func (x *exchange) send(target, details string) {
	headers := [][2]string{
		{"Location", location(target)},
		{"Expires", "Thu, 01 Jan 1970 00:00:00 UTC"},
		{"Cache-Control", "no-cache, no-store, must-revalidate, max-age=0"},
		{"X-Accel-Expires", "0"},
	}
	for _, line := range x.cookie {
		headers = append(headers, [2]string{"Set-Cookie", line})
	}
	x.action = refusal.Send(302, details, headers, nil)
}

// addCookies has the response set cookies.
func (x *exchange) addCookies(lines ...string) { x.cookie = append(x.cookie, lines...) }

// forget has the response remove the session's cookies.
func (x *exchange) forget() {
	for _, name := range x.present {
		x.addCookies(x.cookies.expired(name, x.outerHost(), x.now))
	}
	x.present = nil
}

// keep has the response set a session's cookies. It returns false, having refused, if the session is too large.
func (x *exchange) keep(s *session) bool {
	value := x.cookies.seal(x.cookies.name, s.encode(x.minimal), x.now)
	lines, ok := x.cookies.split(value, x.outerHost(), x.cookies.until(x.now), x.now, x.present)
	if !ok {
		x.cookie = nil
		x.refuse(500, "oidc.session_too_large: "+strconv.Itoa(len(value))+" bytes")
		return false
	}
	x.addCookies(lines...)
	return true
}
