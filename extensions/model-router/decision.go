package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// decision is what a request's model means for its headers and for the name that the backend gets.
type decision struct {
	name      string // the backend's
	headers   []header
	refused   bool
	undecided bool // nothing is to be done
}

type header struct{ name, value string }

// decide reads a name as it was sent. message is what the user asks, nil where there is no choice of a model. edits tells
// whether the backend may get another name.
func (c *Config) decide(name string, message func() string, edits bool) (d decision) {
	if c.auto != nil && message != nil && name == autoName {
		if !edits {
			return decision{undecided: true}
		}
		target := c.auto.choose(message())
		if target == "" {
			return decision{undecided: true}
		}
		d.name = target
		d.headers = []header{{autoHeader, target}}
		if c.modelHeader != "" && !strings.EqualFold(c.modelHeader, autoHeader) {
			d.headers = append(d.headers, header{c.modelHeader, target})
		}
		return d
	}
	if !c.access.allows(name) {
		return decision{refused: true}
	}
	d.name = name
	if c.modelHeader != "" {
		d.headers = append(d.headers, header{c.modelHeader, name})
	}
	if provider, rest, ok := strings.Cut(name, "/"); ok && edits && c.providerHeader != "" {
		d.headers = append(d.headers, header{c.providerHeader, provider})
		d.name = rest
	}
	return d
}

// usable tells whether a name can be routed by.
func usable(name string) bool { return name != "" && !httpheader.HasControl(name) }

// apply sets the headers.
func (d *decision) apply() {
	for _, h := range d.headers {
		if err := proxywasm.ReplaceHttpRequestHeader(h.name, h.value); err != nil {
			log.Error("set header " + h.name + " failed: " + err.Error())
		}
	}
}
