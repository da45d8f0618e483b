package main

import (
	"slices"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const restorerKey = "restorer"

// onResponseHeaders lets the headers go at once: the response is edited as it streams, so its length is not known.
func onResponseHeaders(ctx wrapper.HttpContext, _ Config) types.Action {
	asked, ok := ctx.GetContext(askedKey).(string)
	if !ok {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("get response headers failed: " + err.Error())
	}
	r := newRestorer(asked)
	obstacle := body.OfResponse(ctx.Method(), headers, ctx.HasResponseBody())
	if obstacle == body.EventStream {
		r.events = true
		// Events are not waited for, but what else is in the way of an edit counts.
		rest := slices.DeleteFunc(slices.Clone(headers), func(h [2]string) bool { return h[0] == "content-type" })
		obstacle = body.OfResponse(ctx.Method(), rest, true)
	}
	if obstacle != "" || !r.events && !body.IsJSON(httpheader.First(headers, "content-type")) {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	ctx.SetContext(restorerKey, r)
	body.ResponseEdited()
	return types.ActionContinue
}

func onResponseChunk(ctx wrapper.HttpContext, _ Config, chunk []byte, _ bool) []byte {
	if r, ok := ctx.GetContext(restorerKey).(*restorer); ok {
		return r.next(chunk)
	}
	return chunk
}
