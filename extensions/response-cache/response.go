package main

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/extensions/internal/origin"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onResponseHeaders(ctx wrapper.HttpContext, _ Config) types.Action {
	x := exchangeOf(ctx)
	if x == nil || x.answered {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	lines, err := proxywasm.GetHttpResponseHeaders()
	headers := httpcache.Headers(lines)
	text, _ := headers.Get(":status")
	status, notNumber := strconv.Atoi(text)
	if err != nil || notNumber != nil {
		log.Error("the response headers cannot be read")
		x.failed()
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	if x.cache.http {
		return x.httpHeaders(status, headers)
	}
	return x.keyHeaders(status, headers)
}

// keyHeaders decides whether the response is stored, in mode key.
func (x *exchange) keyHeaders(status int, headers httpcache.Headers) types.Action {
	if x.key == "" && !x.skipped && slices.Contains(x.cache.statuses, status) {
		x.ctx.DontReadResponseBody() // a request that the plugin does not look at
		return types.ActionContinue
	}
	control := httpcache.DirectivesOf(headers)
	private := control.Has("private") || control.Has("no-store") || headers.Has("set-cookie")
	if x.skipped || !slices.Contains(x.cache.statuses, status) || private || x.endless(headers) {
		x.tell("skip")
		x.doNotStore(status)
		return types.ActionContinue
	}
	x.tell("miss")
	if x.unreadable() {
		x.doNotStore(status)
		return types.ActionContinue
	}
	now := x.cache.clock()
	x.begun(httpcache.Entry{Status: status, Headers: headers, Requested: now, Received: now})
	return types.ActionContinue
}

// httpHeaders decides what becomes of the response, in mode http.
func (x *exchange) httpHeaders(status int, headers httpcache.Headers) types.Action {
	if httpcache.Invalidates(x.request.Method, status) {
		x.invalidate(headers)
	}
	if x.skipped {
		x.tell("skip")
		x.ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	if httpcache.Failed(status) && x.stale != nil && x.decision.IfError {
		x.resign(0, func(other *exchange) {
			if !other.serveOnError() {
				other.passBy()
			}
		})
		x.serveOnError()
		return types.ActionPause
	}
	if x.leads != nil && status == 304 && x.conditional {
		x.validated(headers)
		return types.ActionPause
	}
	x.tell("miss")
	if x.claim.token == "" {
		x.ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	entry := httpcache.Entry{Status: status, Headers: replayable(headers), Requested: x.requested, Received: x.cache.clock()}
	obstacle := httpcache.Storable(&x.request, &entry, &x.cache.rules)
	if obstacle != "" || x.endless(headers) || x.ctx.HasResponseBody() && x.ctx.IsBinaryResponseBody() || ofGateway() {
		x.doNotStore(status)
		return types.ActionContinue
	}
	x.begun(entry)
	if !x.ctx.HasResponseBody() {
		x.store(&x.record)
	}
	return types.ActionContinue
}

// replayable are the lines of a response that are stored with it. Those that the gateway adds belong to one request.
func replayable(headers httpcache.Headers) httpcache.Headers {
	return slices.DeleteFunc(headers.Stored(), func(line [2]string) bool {
		return line[0] == statusHeader || line[0] == "server" || line[0] == "x-request-id" || strings.HasPrefix(line[0], "x-envoy-")
	})
}

// ofGateway tells whether the gateway, or a plugin after this one, has made the response: it says nothing of the resource.
func ofGateway() bool {
	details := origin.Details()
	return details != "" && details != origin.ViaUpstream
}

// validated answers with the stale copy, which the backend has confirmed.
func (x *exchange) validated(answer httpcache.Headers) {
	fresh, ok := httpcache.Freshened(&x.stale.Entry, replayable(answer), x.requested, x.cache.clock())
	if !ok { // the backend confirms something else than it was asked about
		x.uncacheable()
		x.serve(x.stale, "revalidated")
		return
	}
	r := &record{*fresh, x.stale.body}
	if httpcache.Storable(&httpcache.Request{Method: "GET", Headers: x.request.Headers}, &r.Entry, &x.cache.rules) == "" {
		x.store(r)
	} else {
		x.uncacheable()
	}
	x.serve(r, "revalidated")
}

// doNotStore lets the response pass. That it may not be stored is remembered if it is the resource that says so, and not
// what one client has sent, or may not see.
func (x *exchange) doNotStore(status int) {
	x.ctx.DontReadResponseBody()
	if status >= 500 || ofRequest(status) || ofGateway() {
		x.failed()
		return
	}
	x.uncacheable()
}

// ofRequest tells whether a status is about a request rather than about what it asks for.
func ofRequest(status int) bool {
	switch status {
	case 206, 304:
		return true
	case 404, 405, 410, 414:
		return false
	}
	return status >= 400 && status < 500
}

// unreadable tells whether there is no body that the plugin could read.
func (x *exchange) unreadable() bool { return !x.ctx.HasResponseBody() || x.ctx.IsBinaryResponseBody() }

// endless tells whether a body is too large to be stored, or has no end to wait for.
func (x *exchange) endless(headers httpcache.Headers) bool {
	contentType, _ := headers.Get("content-type")
	if body.MediaType(contentType) == "text/event-stream" {
		return true
	}
	text, ok := headers.Get("content-length")
	if !ok {
		return false
	}
	size, err := strconv.ParseInt(text, 10, 64)
	return err != nil || size > int64(x.cache.maxBody)
}

func (x *exchange) begun(entry httpcache.Entry) {
	x.capturing, x.record = true, record{Entry: entry}
	text, _ := entry.Headers.Get("content-length")
	if size, err := strconv.Atoi(text); err == nil && size > 0 && size <= x.cache.maxBody {
		x.record.body = make([]byte, 0, size)
	}
}

// onResponseChunk copies the response while it passes. One that breaks off has no last chunk, and is not stored.
func onResponseChunk(ctx wrapper.HttpContext, _ Config, chunk []byte, last bool) []byte {
	x := exchangeOf(ctx)
	if x == nil || !x.capturing {
		return chunk
	}
	r := &x.record
	if len(r.body)+len(chunk) > x.cache.maxBody {
		x.capturing, r.body = false, nil
		x.uncacheable()
		return chunk
	}
	r.body = append(r.body, chunk...)
	if !last {
		return chunk
	}
	x.capturing = false
	if x.cache.http {
		if x.claim.token != "" {
			x.store(r)
		}
		return chunk
	}
	x.storeByKey(r)
	return chunk
}

// storeByKey keeps the response, or the value in it, under the request's key.
func (x *exchange) storeByKey(r *record) {
	c := x.cache
	value, ok := c.valueOf(r)
	if !ok {
		log.Warn("the response has no value to cache")
		x.uncacheable()
		return
	}
	f, own := x.leads, x.claim
	x.leads, x.claim = nil, claim{}
	stored := func(resp.Value) {
		if own.token != "" {
			c.release(own, 0) // not before: who gets the lock then looks for the value
		}
	}
	var err error
	wrapper.Detached(func() {
		if c.ttl > 0 {
			err = c.redis.SetEx(x.key, value, c.ttl, stored)
		} else {
			err = c.redis.Set(x.key, value, stored)
		}
	})
	if err != nil {
		log.Error("the response cannot be stored: " + err.Error())
	}
	if f != nil {
		c.land(f, func(other *exchange) { other.offeredByKey(string(value)) })
	}
}

// valueOf is what is stored of a response: its body, or the text that cacheValueFromBody leads to, and with store_status and
// store_headers what those name. ok is false where that is nothing.
func (c *cache) valueOf(r *record) (value []byte, ok bool) {
	value = r.body
	if c.valuePath != "" {
		if !strings.Contains(c.contentType, "application/json") {
			return nil, false
		}
		text, found := textAt(&c.valueQuery, r.body)
		if !found {
			return nil, false
		}
		value = []byte(text)
	}
	if len(bytes.TrimSpace(value)) == 0 || bytes.HasPrefix(value, []byte(recordMark)) || bytes.HasPrefix(value, []byte(indexMark)) {
		return nil, false
	}
	if !c.replays() {
		return value, true
	}
	kept := record{Entry: r.Entry, body: value}
	kept.Headers = nil
	for _, line := range r.Headers {
		if slices.Contains(c.storedHeaders, line[0]) || line[0] == "age" {
			kept.Headers = append(kept.Headers, line)
		}
	}
	return kept.encode()
}
