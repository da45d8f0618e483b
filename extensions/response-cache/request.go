package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	x := config.begin(ctx)
	if x.request.Method == purgeMethod && config.purge.secret != "" && !x.purging() {
		x.reply(403, "purge_refused", nil, nil)
		return types.ActionPause
	}
	if skip, _ := x.request.Headers.Get(skipHeader); skip == "on" {
		return x.skip()
	}
	if config.http {
		return x.beginHTTP()
	}
	return x.beginByKey()
}

// beginHTTP looks the request up, in mode http. What a cache may not or need not answer goes to the backend as it is.
func (x *exchange) beginHTTP() types.Action {
	h := x.request.Headers
	x.ctx.DontReadRequestBody()
	x.uri = x.cache.uriKey(h)
	if x.purging() {
		x.remove(x.cache.keysOf(x.uri)...)
		x.cache.detach(x.uri)
		return types.HeaderStopAllIterationAndWatermark
	}
	method := x.request.Method
	if method != "GET" && method != "HEAD" || x.ctx.HasRequestBody() || h.Has("upgrade") {
		return x.skip()
	}
	for _, name := range [...]string{"range", "if-range", "if-match", "if-unmodified-since"} {
		if h.Has(name) {
			return x.skip()
		}
	}
	if httpcache.DirectivesOf(h).Has("no-store") {
		return x.skip()
	}
	log.Debug("cache key: " + x.uri)
	x.key = x.uri
	x.request.Headers = h.Without("accept-encoding") // as the backend will see it
	if !x.look() {
		return types.ActionContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}
