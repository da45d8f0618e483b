package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// verdict is what became of a request's keys.
type verdict int

const (
	verdictKnown   verdict = iota
	verdictNone            // no key in the request
	verdictSeveral         // several keys where only one may be
	verdictUnknown         // a key that is nobody's
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, action, checked := config.Enter(ctx)
	if !checked {
		return action
	}
	auth := config.Auth
	var room [4]key
	found := findKeys(auth.credentials, headers, room[:0])
	index, verdict := auth.credentials.identify(found)
	switch verdict {
	case verdictNone:
		return auth.refusals.noKey.Send()
	case verdictSeveral:
		return auth.refusals.severalKeys.Send()
	case verdictUnknown:
		log.Warn("the key in the request is no consumer's")
		return auth.refusals.unauthorized.Send()
	}
	consumer := auth.credentials.list[index].consumer
	if !config.Allows(consumer) {
		log.Warn("consumer \"" + consumer + "\" is not allowed here")
		return auth.refusals.unauthorized.Send()
	}
	if auth.hide {
		if err := hideKeys(auth.credentials, headers, found); err != nil {
			return config.Fail("the key cannot be removed", err)
		}
	}
	return config.Admit(headers, consumer)
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
	path := query.Without(httpheader.First(headers, ":path"), func(name string) bool { return params[name] })
	return proxywasm.ReplaceHttpRequestHeader(":path", path)
}
