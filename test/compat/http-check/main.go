// Command http-check is the "External HTTP Call" pattern of the development guide: a service decides whether the
// request may pass.
//
// Added to the page's two functions: the configuration type and the registration.
package main

import (
	"net/http"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"http-check",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onHttpRequestHeaders),
	)
}

type MyConfig struct {
	client wrapper.HttpClient
}

func parseConfig(json gjson.Result, config *MyConfig) error {
	serviceName := json.Get("serviceName").String()
	servicePort := json.Get("servicePort").Int()
	config.client = wrapper.NewClusterClient(wrapper.FQDNCluster{
		FQDN: serviceName,
		Port: servicePort,
	})
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config MyConfig) types.Action {
	err := config.client.Get("/api/check", nil, func(statusCode int, headers http.Header, body []byte) {
		if statusCode != 200 {
			proxywasm.SendHttpResponse(403, nil, []byte("Forbidden"), -1)
			return
		}
		proxywasm.ResumeHttpRequest()
	}, 3000)

	if err != nil {
		return types.HeaderContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}
