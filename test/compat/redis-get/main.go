// Command redis-get joins the Redis appendix of the step-by-step guide (a client on a DNS service) with its pause,
// callback and resume pattern.
//
// Changed against the page: init instead of main and log.Log instead of wrapper.Log, as in hello-world; the callback
// has no status parameter, which no released SDK passes.
package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"my-plugin",
		wrapper.ParseConfigBy(parseConfig),
		wrapper.ProcessRequestHeadersBy(onHttpRequestHeaders),
	)
}

type MyPluginConfig struct {
	RedisClient wrapper.RedisClient
}

func parseConfig(json gjson.Result, config *MyPluginConfig, log log.Log) error {
	serviceName := json.Get("redis.service_name").String()

	config.RedisClient = wrapper.NewRedisClusterClient(wrapper.DnsCluster{
		ServiceName: serviceName,
		Domain:      serviceName,
		Port:        json.Get("redis.service_port").Int(),
	})
	config.RedisClient.Init(
		json.Get("redis.username").String(),
		json.Get("redis.password").String(),
		json.Get("redis.timeout").Int(),
	)
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyPluginConfig, log log.Log) types.Action {
	err := config.RedisClient.Get("some_key", func(response resp.Value) {
		log.Infof("got value: %s", response.String())
		proxywasm.ResumeHttpRequest()
	})
	if err != nil {
		return types.ActionContinue
	}
	return types.ActionPause
}
