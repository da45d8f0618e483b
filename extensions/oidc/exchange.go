package main

import (
	"strings"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// exchange is one request on its way through the plugin. It ends with one call of pass, reply or refuse, in the header
// handler or later; until then the request is held.
type exchange struct {
	*client
	ctx        wrapper.HttpContext
	headers    [][2]string
	host, path string
	now        time.Time

	present []string // names of session cookies in the request
	cookie  []string // Set-Cookie lines for the response
	later   bool     // the header handler has returned
	action  types.Action
}

// setCookieKey is where a request's Set-Cookie lines wait for its response.
const setCookieKey = "oidc.set-cookie"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.client == nil {
		return types.HeaderContinue
	}
	ctx.DisableReroute()
	x := &exchange{client: config.client, ctx: ctx, headers: wrapper.RequestHeaders(ctx), now: config.client.clock(),
		action: types.HeaderStopAllIterationAndWatermark}
	x.host, x.path = x.header(":authority"), x.header(":path")
	x.begin()
	x.later = true
	return x.action
}

// onResponseHeaders gives the browser the cookies of its own request.
func onResponseHeaders(ctx wrapper.HttpContext, _ Config) types.Action {
	lines, _ := ctx.GetContext(setCookieKey).([]string)
	for _, line := range lines {
		if err := proxywasm.AddHttpResponseHeader("set-cookie", line); err != nil {
			log.Error("the session's cookie cannot be set: " + err.Error())
		}
	}
	return types.HeaderContinue
}

// begin decides what a request is.
func (x *exchange) begin() {
	if x.headers == nil {
		x.refuse(500, "oidc.internal_error")
		return
	}
	own := strings.HasPrefix(x.path, x.prefix) && (x.redirect.isFor(x.host) || x.redirect.isFor(x.outerHost()))
	if !own && x.exempt.exempts(x.host, x.path) {
		x.passExempt()
		return
	}
	x.whenReady(x.dispatch)
}

// whenReady goes on as soon as the provider's endpoints are known.
func (x *exchange) whenReady(next func()) {
	if x.issuer.ready() {
		next()
		return
	}
	d := &x.issuer.discovery
	if !d.asking && !d.resting() {
		x.issuer.discover()
	}
	held := d.await(func() {
		if !x.issuer.ready() {
			x.refuse(503, "oidc.not_ready")
			return
		}
		next()
	})
	if !held {
		x.refuse(503, "oidc.not_ready")
	}
}

func (x *exchange) dispatch() {
	path, _, _ := strings.Cut(x.path, "?")
	switch path {
	case x.prefix + "/start":
		x.login()
	case x.prefix + "/callback":
		x.callback()
	case x.prefix + "/sign_out":
		x.signOut()
	default:
		x.application()
	}
}

// application decides a request to what is protected.
func (x *exchange) application() {
	if x.bearer {
		if token, given := x.bearerToken(); given {
			x.judgeBearer(token)
			return
		}
	}
	x.load(func(s *session) {
		switch {
		case s != nil:
			x.pass(s)
		case x.skipPreflight && x.header(":method") == "OPTIONS":
			x.pass(&session{})
		case x.wantsJSON():
			x.refuse(401, "No valid authentication in request. Access Denied.")
		default:
			x.login()
		}
	})
}

// wantsJSON tells whether the client asks for JSON, so that a login page is no use to it.
func (x *exchange) wantsJSON() bool {
	for i := range x.headers {
		if x.headers[i][0] != "accept" {
			continue
		}
		for item := range strings.SplitSeq(x.headers[i][1], ",") {
			if strings.TrimSpace(item) == "application/json" {
				return true
			}
		}
	}
	return false
}

// header is the first value of a request header, "" if there is none.
func (x *exchange) header(name string) string { return httpheader.First(x.headers, name) }

// parameter is the first value of a parameter in the query, "" if there is none.
func (x *exchange) parameter(name string) string {
	for _, p := range query.Params(x.path) {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}
