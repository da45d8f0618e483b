// Command keycheck is a small plugin that tests the SDK end to end, in process and as a compiled module: it lets a
// request pass when its x-api-key is configured, and asks a service about keys that are not.
package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

type config struct {
	Name string
	Keys map[string]string
	asks wrapper.HttpClient
}

func main() {}

func init() {
	wrapper.SetCtx("key-check",
		wrapper.FailClosed[config](),
		wrapper.NoRouteCall[config](),
		wrapper.ParseConfig(parse),
		wrapper.ProcessRequestHeaders(onRequestHeaders))
}

func parse(json gjson.Result, c *config) error {
	c.Name = json.Get("name").String()
	c.Keys = map[string]string{}
	for _, k := range json.Get("keys").Array() {
		c.Keys[k.Get("key").String()] = k.Get("consumer").String()
	}
	if len(c.Keys) == 0 {
		return errors.New("keys: must not be empty")
	}
	c.asks = wrapper.NewClusterClient(wrapper.DnsCluster{ServiceName: "keys", Domain: "keys.example.com", Port: 80})
	return nil
}

func onRequestHeaders(ctx wrapper.HttpContext, c config) types.Action {
	key, err := proxywasm.GetHttpRequestHeader("x-api-key")
	if err != nil {
		return refuse()
	}
	if consumer, ok := c.Keys[key]; ok {
		_ = proxywasm.AddHttpRequestHeader("x-consumer", consumer)
		return types.ActionContinue
	}
	err = c.asks.Get("/keys", nil, func(status int, headers wrapper.Header, body []byte) {
		if status != 200 {
			refuse()
			return
		}
		log.Infof("accepted for %s: %s", ctx.Path(), headers.Get("x-consumer"))
		_ = proxywasm.AddHttpRequestHeader("x-consumer", headers.Get("x-consumer"))
		_ = proxywasm.ResumeHttpRequest()
	})
	if err != nil {
		return refuse()
	}
	return types.ActionPause
}

func refuse() types.Action {
	_ = proxywasm.SendHttpResponseWithDetail(401, "key-check.unauthorized", nil, nil, -1)
	return types.ActionPause
}
