package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	limitHeader     = "X-RateLimit-Limit"
	remainingHeader = "X-RateLimit-Remaining"
	resetHeader     = "X-RateLimit-Reset"
)

// quotaKey is where the quota of a request that passed waits for its response.
const quotaKey = "quota"

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if !config.quotaHeader {
		return types.HeaderContinue
	}
	q, ok := ctx.GetContext(quotaKey).(quota)
	if !ok {
		return types.HeaderContinue
	}
	setResponseHeader(limitHeader, q.threshold)
	setResponseHeader(remainingHeader, q.threshold-q.count)
	return types.HeaderContinue
}

func setResponseHeader(name string, value int) {
	if err := proxywasm.ReplaceHttpResponseHeader(name, strconv.Itoa(value)); err != nil {
		log.Error(name + " cannot be set: " + err.Error())
	}
}
