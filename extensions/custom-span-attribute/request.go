package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers := wrapper.RequestHeaders(ctx)
	for i := range config.attributes {
		a := &config.attributes[i]
		value := a.value(ctx, headers)
		if value == "" {
			if wrapper.LogEnabled(wrapper.LogLevelDebug) {
				log.Debug("no " + a.source + " " + a.key + " in the request")
			}
			continue
		}
		if err := proxywasm.SetProperty([]string{wrapper.TraceSpanTagPrefix + a.tag}, []byte(value)); err != nil {
			log.Warn("set span tag " + a.tag + " failed: " + err.Error())
		}
	}
	return types.ActionContinue
}

// value is the first one of its name; "" if there is none.
func (a *attribute) value(ctx wrapper.HttpContext, headers [][2]string) string {
	switch a.source {
	case sourceCookie:
		value, _ := cookie.First(headers, a.key)
		return value
	case sourceQuery:
		for _, p := range query.Params(ctx.Path()) {
			if p.Name == a.key {
				return p.Value
			}
		}
		return ""
	}
	return httpheader.First(headers, a.key)
}
