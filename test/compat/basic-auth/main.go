// Command basic-auth is the override configuration of the SDK chapter, whose basic-auth sample has one shape of
// configuration for the whole gateway and another for rules.
//
// Changed against the page: init instead of main and log.Log instead of wrapper.Log, as in hello-world. The page leaves
// the bodies of both parsers and the request handler out.
package main

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"basic-auth",
		wrapper.ParseOverrideConfigBy(parseGlobalConfig, parseOverrideRuleConfig),
		wrapper.ProcessRequestHeadersBy(onHttpRequestHeaders),
	)
}

type BasicAuthConfig struct {
	globalAuth *bool      `yaml:"global_auth"`
	consumers  []Consumer `yaml:"consumers"`

	allow []string `yaml:"allow"`
}

type Consumer struct {
	name       string `yaml:"name"`
	credential string `yaml:"credential"`
}

func parseGlobalConfig(json gjson.Result, global *BasicAuthConfig, log log.Log) error {
	log.Debug("global config")
	consumers := json.Get("consumers")
	if !consumers.IsArray() {
		return errors.New("consumers must be an array")
	}
	for _, item := range consumers.Array() {
		global.consumers = append(global.consumers, Consumer{
			name:       item.Get("name").String(),
			credential: item.Get("credential").String(),
		})
	}
	globalAuth := json.Get("global_auth")
	if globalAuth.Exists() {
		value := globalAuth.Bool()
		global.globalAuth = &value
	}
	return nil
}

func parseOverrideRuleConfig(json gjson.Result, global BasicAuthConfig, config *BasicAuthConfig, log log.Log) error {
	log.Debug("domain/route config")
	*config = global
	allow := json.Get("allow")
	if !allow.IsArray() {
		return errors.New("allow must be an array")
	}
	for _, item := range allow.Array() {
		config.allow = append(config.allow, item.String())
	}
	return nil
}

func onHttpRequestHeaders(ctx wrapper.HttpContext, config BasicAuthConfig, log log.Log) types.Action {
	if len(config.allow) == 0 && config.globalAuth != nil && !*config.globalAuth {
		return types.ActionContinue
	}
	authorization, _ := proxywasm.GetHttpRequestHeader("authorization")
	credential, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(authorization, "Basic "))
	for _, consumer := range config.consumers {
		if consumer.credential != string(credential) {
			continue
		}
		if len(config.allow) > 0 && !slices.Contains(config.allow, consumer.name) {
			proxywasm.SendHttpResponse(403, nil, []byte("denied"), -1)
			return types.ActionContinue
		}
		proxywasm.AddHttpRequestHeader("x-mse-consumer", consumer.name)
		return types.ActionContinue
	}
	proxywasm.SendHttpResponse(401, [][2]string{{"WWW-Authenticate", "Basic realm=compat"}}, []byte("unauthorized"), -1)
	return types.ActionContinue
}
