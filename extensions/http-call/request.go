package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// callTimeout is how long the service may take, in milliseconds.
const callTimeout = 500

// onRequestHeaders holds the request until the service has answered. The backend trusts the two headers, so a client's
// own are removed whatever comes of the call.
func onRequestHeaders(_ wrapper.HttpContext, config Config) types.Action {
	removeHeader(config.bodyHeader)
	removeHeader(config.tokenHeader)
	err := config.service.Get(config.requestPath, nil, config.onAnswer, callTimeout)
	if err != nil {
		log.Error("http call cannot be started: " + err.Error())
		return types.HeaderContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}

// onAnswer adds the headers, if the service answered 200, and lets the request go on in any case.
func (c *Config) onAnswer(status int, headers wrapper.Header, body []byte) {
	if status == 200 {
		addHeader(c.bodyHeader, headerValue(body))
		if token := headers.Get(c.tokenHeader); token != "" {
			addHeader(c.tokenHeader, token)
		}
	} else {
		log.Error("http call failed, status: " + strconv.Itoa(status))
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

func removeHeader(name string) {
	if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
		log.Error("header " + name + " cannot be removed: " + err.Error())
	}
}

func addHeader(name, value string) {
	if err := proxywasm.AddHttpRequestHeader(name, value); err != nil {
		log.Error("header " + name + " cannot be added: " + err.Error())
	}
}
