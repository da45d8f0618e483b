package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/extensions/internal/relay"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	exchangeKey  = "exchange"
	statusHeader = "x-cache-status"
	skipHeader   = "x-higress-skip-response-cache"
	detailPrefix = "response-cache."
)

// exchange is a request, what is stored for it, and its response.
type exchange struct {
	cache    *cache
	ctx      wrapper.HttpContext
	request  httpcache.Request
	key      string // where the response is; "": nothing is looked up or stored
	held     bool   // the request waits
	answered bool   // by the plugin
	skipped  bool   // the response is told so
	finding         // of mode http
	lead            // of a single flight
	capture
}

// capture is the response while it passes.
type capture struct {
	capturing bool
	record    record
}

// begin starts the exchange of a stream.
func (c *cache) begin(ctx wrapper.HttpContext) *exchange {
	x := &exchange{cache: c, ctx: ctx}
	x.request = httpcache.Request{Method: ctx.Method(), Headers: wrapper.RequestHeaders(ctx)}
	ctx.SetContext(exchangeKey, x)
	return x
}

func exchangeOf(ctx wrapper.HttpContext) *exchange {
	x, _ := ctx.GetContext(exchangeKey).(*exchange)
	return x
}

// skip lets the request pass, and nothing of its response be stored.
func (x *exchange) skip() types.Action {
	if x.purging() { // a backend must not see the secret
		x.reply(400, "purge_without_key", nil, nil)
		return types.ActionPause
	}
	x.skipped, x.key = true, ""
	x.ctx.DontReadRequestBody()
	x.ctx.DontReadResponseBody()
	return types.ActionContinue
}

// goOn lets a held request go to the backend.
func (x *exchange) goOn() {
	if !x.held {
		return
	}
	x.held = false
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

// reply answers in place of the backend; reason becomes part of the response code details.
func (x *exchange) reply(status int, reason string, headers [][2]string, body []byte) {
	x.answered, x.held = true, false
	relay.Send(uint32(status), detailPrefix+reason, headers, body)
}

// serve answers with a stored response; said is what the client is told of it.
func (x *exchange) serve(r *record, said string) {
	age := strconv.FormatInt(r.Age(x.cache.clock())/1000, 10)
	own := httpcache.Headers{{"age", age}, {statusHeader, said}}
	if x.cache.http && httpcache.NotModified(&x.request, &r.Entry) {
		x.reply(304, said, append(httpcache.NotModifiedHeaders(&r.Entry), own...), nil)
		return
	}
	x.reply(r.Status, said, append(r.Headers.Without("age"), own...), r.body)
}

// textOf is what a key holds; false if it holds nothing, or nothing that the plugin could have written.
func textOf(answer resp.Value) (string, bool) {
	if answer.IsNull() || answer.Type() != resp.BulkString && answer.Type() != resp.SimpleString {
		return "", false
	}
	return answer.String(), true
}

// tell sets the header that says what became of the response here.
func (x *exchange) tell(said string) {
	if err := proxywasm.ReplaceHttpResponseHeader(statusHeader, said); err != nil {
		log.Error(statusHeader + " cannot be set: " + err.Error())
	}
}
