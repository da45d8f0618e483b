package main

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// beginByKey looks the request up, in mode key.
func (x *exchange) beginByKey() types.Action {
	c := x.cache
	switch {
	case c.header != "":
		value, _ := x.request.Headers.Joined(c.header) // of several lines the backend may take any
		if value == "" {
			log.Warn("the header with the cache key is missing or empty")
			return x.skip()
		}
		return x.find(value)
	case c.keyPath == "" && len(c.parts) > 0:
		if x.request.Method != "GET" && !x.purging() {
			return x.skip()
		}
		return x.find("")
	}
	return x.awaitBody()
}

// awaitBody holds the headers until the body, which has the key, is there.
func (x *exchange) awaitBody() types.Action {
	contentType, _ := x.request.Headers.Get("content-type")
	if x.ctx.IsWebsocket() || x.ctx.HasRequestBody() && x.ctx.IsBinaryRequestBody() {
		x.ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	if !strings.Contains(strings.ToLower(contentType), "application/json") {
		log.Warn("the body with the cache key is no JSON")
		return x.skip()
	}
	text, sized := x.request.Headers.Get("content-length")
	if size, err := strconv.ParseInt(text, 10, 64); !x.ctx.HasRequestBody() || sized && (err != nil || size > maxRequestBody) {
		return x.skip()
	}
	x.ctx.SetRequestBodyBufferLimit(maxRequestBody)
	x.prepare()
	return types.HeaderStopIteration
}

// prepare has the backend answer in a form that can be stored.
func (x *exchange) prepare() {
	x.ctx.DisableReroute()
	if err := proxywasm.RemoveHttpRequestHeader("accept-encoding"); err != nil {
		log.Error("accept-encoding cannot be removed: " + err.Error())
	}
}

// find looks up under a key that needs no body.
func (x *exchange) find(key string) types.Action {
	x.ctx.DontReadRequestBody()
	if !x.purging() {
		x.prepare()
	}
	if !x.locate(key) {
		return types.ActionContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}

func onRequestBody(ctx wrapper.HttpContext, _ Config, data []byte) types.Action {
	x := exchangeOf(ctx)
	if x == nil || x.skipped {
		return types.ActionContinue
	}
	key := x.cache.keyFrom(data)
	if key == "" && x.purging() {
		x.reply(400, "purge_without_key", nil, nil)
		return types.DataStopIterationNoBuffer
	}
	if key == "" {
		x.skipped = true
		return types.ActionContinue
	}
	if !x.locate(key) {
		return types.ActionContinue
	}
	return types.DataStopIterationAndBuffer
}

// keyFrom is the key that a body has: the text at the path, or all of it.
func (c *cache) keyFrom(data []byte) string {
	if c.keyPath == "" {
		return string(data)
	}
	text, _ := textAt(&c.keyQuery, data)
	return text
}

// textAt returns the text form of what a query finds in JSON; false if it finds nothing, or null.
func textAt(q *body.Query, data []byte) (string, bool) {
	json := string(data)
	if !body.Valid(json) {
		return "", false
	}
	raw, ok := q.In(json)
	if !ok || raw == "null" || !body.Valid(raw) { // a path with literals can make up anything
		return "", false
	}
	return body.Text(raw), true
}

// locate asks Redis about a key; false if that is impossible, and the request goes on.
func (x *exchange) locate(key string) bool {
	headers := x.request.Headers
	if x.purging() {
		headers = headers.With(":method", "GET") // of what it removes; where the key has the method
	}
	x.key = x.cache.keyOf(key, headers)
	log.Debug("cache key: " + x.key)
	if x.purging() {
		x.remove(x.key)
		return true
	}
	return x.look()
}

// look asks Redis for what is stored; false if it cannot be asked.
func (x *exchange) look() bool {
	key, found := x.key, x.foundByKey
	if x.cache.http {
		key, found = x.uri, x.foundURI
	}
	if err := x.cache.redis.Get(key, found); err != nil {
		log.Error("the cache cannot be asked: " + err.Error())
		return false
	}
	x.held = true
	return true
}

// lookAgain is look for a request that is held already.
func (x *exchange) lookAgain() {
	if !x.look() {
		x.failed()
		x.passBy()
	}
}

func (x *exchange) foundByKey(answer resp.Value) {
	if err := answer.Error(); err != nil {
		log.Error("the cache does not answer: " + err.Error())
		x.failed()
		x.goOn()
		return
	}
	text, _ := textOf(answer)
	if r, ok := x.cache.readByKey(text); ok {
		x.found()
		x.serveByKey(r)
		return
	}
	x.absent()
}

// offeredByKey answers a waiting request with what another one has stored.
func (x *exchange) offeredByKey(text string) {
	r, ok := x.cache.readByKey(text)
	if !ok {
		x.passBy()
		return
	}
	x.serveByKey(r)
}

// readByKey reads a stored value, plain or with what store_status and store_headers add; false if it is none.
func (c *cache) readByKey(text string) (*record, bool) {
	if strings.TrimSpace(text) == "" || strings.HasPrefix(text, indexMark) {
		return nil, false
	}
	if !strings.HasPrefix(text, recordMark) {
		return &record{Entry: httpcache.Entry{Status: 200}, body: []byte(text)}, true
	}
	if !c.replays() {
		return nil, false
	}
	return decodeRecord(text)
}

func (c *cache) replays() bool { return c.storeStatus || c.storedHeaders != nil }

// serveByKey answers with a stored value. Plain ones have the configured type, and no age.
func (x *exchange) serveByKey(r *record) {
	headers := httpcache.Headers{}
	status := 200
	if r.Received > 0 {
		if x.cache.storeStatus {
			status = r.Status
		}
		headers = append(headers, r.Headers.Without("age")...)
		headers = append(headers, [2]string{"age", strconv.FormatInt(r.Age(x.cache.clock())/1000, 10)})
	}
	if !headers.Has("content-type") {
		headers = append(headers, [2]string{"content-type", x.cache.contentType})
	}
	x.reply(status, "hit", append(headers, [2]string{statusHeader, "hit"}), r.body)
}
