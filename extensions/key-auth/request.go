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
	accepted := &auth.credentials.list[index]
	consumer := accepted.consumer
	if !config.Allows(consumer) {
		log.Warn("consumer \"" + consumer + "\" is not allowed here")
		return auth.refusals.unauthorized.Send()
	}
	if auth.hide {
		if err := hideKeys(auth.credentials, headers, found, accepted); err != nil {
			return config.Fail("the key cannot be removed", err)
		}
	}
	return config.Admit(headers, consumer)
}

// hideKeys removes the keys that were found from the request's headers and query, and whatever else stands at the places of
// the credential that was accepted: its parameter is not read where the header is there, and may hold the key, too.
func hideKeys(c *credentials, headers [][2]string, found []key, accepted *credential) error {
	places := append([]int(nil), accepted.places...)
	for _, k := range found {
		places = append(places, k.place)
	}
	removed, params := map[string]bool{}, map[string]bool{}
	for _, i := range places {
		p := &c.places[i]
		if p.param != "" {
			params[p.param] = true
		}
		if p.header == "" || removed[p.header] || !httpheader.Has(headers, p.header) {
			continue
		}
		removed[p.header] = true
		if err := proxywasm.RemoveHttpRequestHeader(p.header); err != nil {
			return err
		}
	}
	path := httpheader.First(headers, ":path")
	bare := query.Without(path, func(name string) bool { return params[name] })
	if bare == path {
		return nil
	}
	return proxywasm.ReplaceHttpRequestHeader(":path", bare)
}
