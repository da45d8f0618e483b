package main

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/status"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const recordKey = "record"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	r := config.begin(ctx)
	if r == nil {
		ctx.DontReadRequestBody()
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		log.Error("request headers cannot be read")
	}
	if config.request.headers && headers != nil {
		r.write(requestHeadersKey, config.headersText(headers))
	}
	contentType := httpheader.First(headers, "content-type")
	if method := ctx.Method(); method != "POST" && method != "PUT" && method != "PATCH" || !config.request.records(contentType, false) {
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	r.request = capture{key: requestBodyKey, contentType: contentType, max: config.request.maxSize}
	return types.ActionContinue
}

// begin starts the record of a stream that is to be recorded, as far as the request tells.
func (c *Config) begin(ctx wrapper.HttpContext) *record {
	if len(c.methods) > 0 && !slices.Contains(c.methods, ctx.Method()) {
		return nil
	}
	if len(c.paths) > 0 && !slices.ContainsFunc(c.paths, func(prefix string) bool { return strings.HasPrefix(ctx.Path(), prefix) }) {
		return nil
	}
	if c.sampleRate < 1 && rand.Float64() >= c.sampleRate {
		return nil
	}
	r := &record{decided: len(c.statuses) == 0}
	ctx.SetContext(recordKey, r)
	return r
}

func onRequestChunk(ctx wrapper.HttpContext, config Config, chunk []byte, last bool) []byte {
	if r, ok := ctx.GetContext(recordKey).(*record); ok {
		r.request.add(r, &config, chunk, last)
	}
	return chunk
}

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	r, ok := ctx.GetContext(recordKey).(*record)
	if !ok {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("get response headers failed: " + err.Error())
	}
	if len(config.statuses) > 0 && !status.MatchesAny(config.statuses, httpheader.First(headers, ":status")) {
		ctx.SetContext(recordKey, nil)
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	r.decide()
	if config.response.headers && err == nil {
		r.write(responseHeadersKey, config.headersText(headers))
	}
	contentType := httpheader.First(headers, "content-type")
	if httpheader.First(headers, "content-encoding") != "" || !config.response.records(contentType, true) {
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	r.response = capture{key: responseBodyKey, contentType: contentType, max: config.response.maxSize}
	return types.ActionContinue
}

func onResponseChunk(ctx wrapper.HttpContext, config Config, chunk []byte, last bool) []byte {
	if r, ok := ctx.GetContext(recordKey).(*record); ok {
		r.response.add(r, &config, chunk, last)
	}
	return chunk
}
