package main

import (
	"slices"
	"strings"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// response is what a response says about itself.
type response struct {
	status, contentType string
	cacheControl        string // all fields, joined
	caching             bool   // it has Cache-Control or Expires
	setsCookie          bool
}

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if len(config.methods) > 0 && !slices.Contains(config.methods, ctx.Method()) {
		return types.ActionContinue
	}
	path, _, _ := strings.Cut(ctx.Path(), "?")
	if path == "" {
		log.Error("failed to get request path")
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("get response headers failed: " + err.Error())
		return types.ActionContinue
	}
	r := read(headers)
	g := config.groupOf(path, &r)
	if g == nil {
		return types.ActionContinue
	}
	if cacheControl, ok := config.override.apply(g, &r); ok {
		set("expires", g.expires.date(time.Now()))
		set("cache-control", cacheControl)
	}
	return types.ActionContinue
}

func read(headers [][2]string) (r response) {
	for _, h := range headers {
		switch h[0] {
		case ":status":
			r.status = h[1]
		case "content-type":
			r.contentType = body.MediaType(h[1])
		case "expires":
			r.caching = true
		case "cache-control":
			if r.cacheControl != "" {
				r.cacheControl += ","
			}
			r.caching, r.cacheControl = true, r.cacheControl+h[1]
		case "set-cookie":
			r.setsCookie = true
		}
	}
	return r
}

// groupOf returns the first group that the response belongs to.
func (c *Config) groupOf(path string, r *response) *group {
	if len(c.statuses) > 0 && !slices.Contains(c.statuses, r.status) {
		return nil
	}
	for i := range c.groups {
		if g := &c.groups[i]; g.everyone || g.hasSuffix(path) || g.hasType(r.contentType) {
			return g
		}
	}
	return nil
}

func (g *group) hasSuffix(path string) bool {
	for _, suffix := range g.suffixes {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}

func (g *group) hasType(contentType string) bool {
	return slices.ContainsFunc(g.types, func(r body.MediaRange) bool { return r.Contains(contentType) })
}

// apply returns the new Cache-Control, and false if the response keeps what it has. What the backend does not want to be
// stored, or gives to one client alone, must not become cacheable for everybody.
func (o override) apply(g *group, r *response) (string, bool) {
	private := false
	switch o {
	case overrideNever:
		if r.caching {
			return "", false
		}
	case overrideUnlessPrivate:
		if r.setsCookie || hasDirective(r.cacheControl, "no-store") || hasDirective(r.cacheControl, "no-cache") {
			return "", false
		}
		private = hasDirective(r.cacheControl, "private")
	}
	value := g.expires.directive()
	if private {
		value = "private, " + value
	}
	for _, directive := range g.directives {
		if private && (directive == "private" || directive == "public" || strings.HasPrefix(directive, "s-maxage=")) {
			continue
		}
		value += ", " + directive
	}
	return value, true
}

// hasDirective reports whether a Cache-Control list has a directive, with or without a value.
func hasDirective(list, name string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		directive, _, _ := strings.Cut(item, "=")
		if strings.EqualFold(strings.TrimSpace(directive), name) {
			return true
		}
	}
	return false
}

func set(name, value string) {
	if err := proxywasm.ReplaceHttpResponseHeader(name, value); err != nil {
		log.Error("set response header " + name + " failed: " + err.Error())
	}
}
