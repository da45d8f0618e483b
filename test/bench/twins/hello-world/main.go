// The twin of extensions/hello-world on github.com/higress-group/wasm-go.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/log"
	"github.com/higress-group/wasm-go/pkg/wrapper"
	"github.com/tidwall/gjson"
)

func main() {}

func init() {
	wrapper.SetCtx("hello-world", wrapper.ParseConfig(parseConfig), wrapper.ProcessRequestHeaders(onRequestHeaders))
}

type config struct{}

func parseConfig(gjson.Result, *config) error { return nil }

func onRequestHeaders(wrapper.HttpContext, config) types.Action {
	if err := proxywasm.AddHttpRequestHeader("hello", "world"); err != nil {
		log.Criticalf("set request header: %v", err)
	}
	if err := proxywasm.SendHttpResponseWithDetail(200, "hello-world", nil, []byte("hello world"), -1); err != nil {
		log.Errorf("send response: %v", err)
	}
	return types.HeaderStopAllIterationAndWatermark
}
