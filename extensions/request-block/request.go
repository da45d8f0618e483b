package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// bodyDetails are the details of a hit in the headers, too: log filters may match it.
const bodyDetails = "request-block.body_blocked"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	var headers [][2]string
	if config.headers != nil {
		headers = wrapper.RequestHeaders(ctx) // before the path, which then costs no host call
	}
	if !config.urls.empty() {
		path := ctx.Path()
		if path == "" {
			log.Warn("the path cannot be read, URL rules are not applied")
		}
		if details := config.urls.hit(path); details != "" {
			return refuse(&config, details)
		}
	}
	if config.headers != nil && foundInHeaders(config.headers, headers) {
		return refuse(&config, bodyDetails)
	}
	if config.bodies == nil {
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	}
	return awaitBody(ctx)
}

// foundInHeaders searches names and values, in order, each on a line of its own.
func foundInHeaders(k *keywords, headers [][2]string) bool {
	s := search{keywords: k}
	for i := range headers {
		if i > 0 && found(&s, "\n") {
			return true
		}
		if found(&s, headers[i][0]) || found(&s, "\n") || found(&s, headers[i][1]) {
			return true
		}
	}
	return false
}

// refuse returns what a handler of headers must return.
func refuse(config *Config, details string) types.Action {
	return refusal.Send(config.status, details, nil, config.message)
}
