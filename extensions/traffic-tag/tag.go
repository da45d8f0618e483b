package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// tag is a header that requests get.
type tag struct {
	name, value string // the name in lower case
	usable      bool   // a header can be so; otherwise the tag counts as chosen, and nothing is added
}

func newTag(name, value string) tag {
	t := tag{name: headerName(name), value: value}
	t.usable = httpheader.IsNameOrPseudo(t.name) && httpheader.IsValue(value)
	if t.complete() && !t.usable {
		log.Error("no header can be " + name + ": " + value)
	}
	return t
}

func (t *tag) complete() bool { return t.name != "" && t.value != "" }

// headerName is a header's name as the host lists it.
func headerName(name string) string {
	if name = strings.ToLower(name); name == "host" {
		return ":authority"
	}
	return name
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	r := &request{headers: wrapper.RequestHeaders(ctx)}
	chosen := config.choose(r)
	for _, name := range config.strip {
		if _, sent := r.header(name); !sent || chosen != nil && chosen.usable && chosen.name == name {
			continue
		}
		if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
			log.Warn(name + " cannot be removed: " + err.Error())
		}
	}
	if chosen != nil {
		chosen.add(r, config.strip != nil)
	}
	return types.ActionContinue
}

// choose returns the tag for a request, nil if it gets none.
func (c *Config) choose(r *request) *tag {
	for i := range c.groups {
		if c.groups[i].matches(r) {
			return &c.groups[i].tag
		}
	}
	if t := c.weights.choose(r); t != nil {
		return t
	}
	return c.fallback
}

func (g *group) matches(r *request) bool {
	for i := range g.conditions {
		if g.conditions[i].holds(r) != g.all {
			return !g.all
		}
	}
	return g.all && len(g.conditions) > 0
}

// add sets the header, unless the request has it already. One that is there but empty is replaced.
func (t *tag) add(r *request, override bool) {
	if !t.usable {
		return
	}
	if !override {
		for _, h := range r.headers {
			if h[0] == t.name && h[1] != "" {
				log.Debug("ADD HEADER failed: " + t.name + " already exists, value: " + h[1])
				return
			}
		}
	}
	if err := proxywasm.ReplaceHttpRequestHeader(t.name, t.value); err != nil {
		log.Warn(t.name + " cannot be added: " + err.Error())
		return
	}
	log.Debug("ADD HEADER: " + t.name + ", value: " + t.value)
}
