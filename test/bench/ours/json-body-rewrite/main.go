// Plugin json-body-rewrite sets one field of a JSON request body.
package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"json-body-rewrite",
		wrapper.NoRouteCall[config](),
		wrapper.WithoutRequestSnapshot[config](),
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessRequestBody(onRequestBody),
	)
}

type config struct{ field, value string }

func parseConfig(json gjson.Result, c *config) error {
	c.field, c.value = json.Get("field").String(), json.Get("value").String()
	if c.field == "" {
		return errors.New("field: must not be empty")
	}
	return nil
}

func onRequestHeaders(wrapper.HttpContext, config) types.Action {
	_ = proxywasm.RemoveHttpRequestHeader("content-length")
	return types.HeaderStopIteration
}

func onRequestBody(_ wrapper.HttpContext, c config, body []byte) types.Action {
	body, err := sjson.SetBytes(body, c.field, c.value)
	if err == nil {
		err = proxywasm.ReplaceHttpRequestBody(body)
	}
	if err != nil {
		log.Error("rewrite the body: " + err.Error())
	}
	return types.ActionContinue
}
