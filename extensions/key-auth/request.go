package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const consumerHeader = "x-mse-consumer"

// maxKey is the longest key that is looked at, in bytes.
const maxKey = 32 << 10

// verdict is what became of a request's keys.
type verdict int

const (
	verdictKnown   verdict = iota
	verdictNone            // no key in the request
	verdictSeveral         // several keys where only one may be
	verdictUnknown         // a key that is nobody's
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.strip {
		if err := proxywasm.RemoveHttpRequestHeader(consumerHeader); err != nil {
			return refuse(&config, internalError)
		}
	}
	if config.access == accessPublic {
		log.Info("authorization is not required")
		return types.HeaderContinue
	}
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		log.Error("request headers cannot be read")
		return refuse(&config, internalError)
	}
	var room [4]key
	found := findKeys(config.credentials, headers, room[:0])
	index, verdict := config.credentials.identify(found)
	switch verdict {
	case verdictNone:
		return refuse(&config, noKey)
	case verdictSeveral:
		return refuse(&config, severalKeys)
	case verdictUnknown:
		log.Warn("the key in the request is no consumer's")
		return refuse(&config, unauthorized)
	}
	consumer := config.credentials.list[index].consumer
	if config.access == accessAllowed && (consumer == "" || !config.allow[consumer]) {
		log.Warn("consumer \"" + consumer + "\" is not allowed here")
		return refuse(&config, unauthorized)
	}
	return admit(&config, consumer, headers, found)
}

// admit lets an authenticated request through with the verified consumer's name.
func admit(config *Config, consumer string, headers [][2]string, found []key) types.Action {
	if config.hide {
		if err := hideKeys(config.credentials, headers, found); err != nil {
			log.Error("the key cannot be removed: " + err.Error())
			return refuse(config, internalError)
		}
	}
	var err error
	switch {
	case consumer != "":
		err = proxywasm.ReplaceHttpRequestHeader(consumerHeader, consumer)
	case hasHeader(headers, consumerHeader):
		err = proxywasm.RemoveHttpRequestHeader(consumerHeader)
	}
	if err != nil {
		log.Error(consumerHeader + " cannot be set: " + err.Error())
		return refuse(config, internalError)
	}
	if wrapper.LogEnabled(wrapper.LogLevelInfo) {
		log.Info("consumer \"" + consumer + "\" authenticated")
	}
	return types.HeaderContinue
}

func hasHeader(headers [][2]string, name string) bool {
	for i := range headers {
		if headers[i][0] == name {
			return true
		}
	}
	return false
}

// hideKeys removes the keys that were found from the request's headers and query.
func hideKeys(c *credentials, headers [][2]string, found []key) error {
	params := map[string]bool{}
	removed := map[string]bool{}
	for _, k := range found {
		p := &c.places[k.place]
		if k.inParam {
			params[p.param] = true
			continue
		}
		if removed[p.header] {
			continue
		}
		removed[p.header] = true
		if err := proxywasm.RemoveHttpRequestHeader(p.header); err != nil {
			return err
		}
	}
	if len(params) == 0 {
		return nil
	}
	path := headerValue(headers, ":path")
	return proxywasm.ReplaceHttpRequestHeader(":path", withoutParams(path, params))
}
