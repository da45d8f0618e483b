package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const visitKey = "visit"

// visit is what is known of a request that the plugin processes.
type visit struct {
	headers     [][2]string
	target      target
	page, index bool

	user, visitor string

	version        string
	backendVersion string // of pages
	global         string // the script with the global variable; "" for none

	parameters     []query.Param // of the query, once it was read
	parametersRead bool
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	v := config.begin(ctx)
	if v == nil {
		log.Info("the request is not processed")
		ctx.DontReadResponseBody()
		return types.ActionContinue
	}
	v.user, v.visitor = config.user(v.headers), config.visitor(v.headers)
	chosen := config.choose(v)
	v.version, v.backendVersion = chosen.version, chosen.backendVersion
	if !v.page {
		v.version = config.fileVersion(chosen, v)
	}
	if config.injection.global != nil && v.page {
		v.global = config.injection.global.script(v)
	}
	if config.served != nil {
		config.served.count(v.version)
	}
	config.edit(ctx, v)
	ctx.SetContext(visitKey, v)
	return types.ActionContinue
}

// begin is nil for requests that the plugin leaves alone.
func (c *Config) begin(ctx wrapper.HttpContext) *visit {
	headers := wrapper.RequestHeaders(ctx)
	t, ok := parseTarget(httpheader.First(headers, ":path"))
	if !ok {
		return nil
	}
	v := &visit{headers: headers, target: t, page: isPage(t.decoded), index: c.index.match(t.decoded)}
	switch {
	case v.index:
		return v
	case c.skipped.match(t.decoded):
		return nil
	case v.page, c.rewrite.host != "":
		return v
	case c.skips(headers), len(c.gray) == 0:
		return nil
	}
	return v
}

func (c *Config) skips(headers [][2]string) bool {
	for _, skipped := range c.skippedHeaders {
		for _, h := range headers {
			if h[0] == skipped.name && h[1] == skipped.value {
				return true
			}
		}
	}
	return false
}

// edit writes the decision into the request.
func (c *Config) edit(ctx wrapper.HttpContext, v *visit) {
	if c.rewrite.any() {
		ctx.DisableReroute()
	}
	for _, name := range [...]string{"accept-encoding", "content-length"} {
		if httpheader.Has(v.headers, name) {
			warn("remove "+name, proxywasm.RemoveHttpRequestHeader(name))
		}
	}
	warn("set "+versionHeader, proxywasm.ReplaceHttpRequestHeader(versionHeader, v.version))
	if c.rewrite.host != "" {
		warn("set :authority", proxywasm.ReplaceHttpRequestHeader(":authority", c.rewrite.host))
	}
	if path, ok := c.rewrite.path(&v.target, v.page, v.version); ok {
		warn("set :path", proxywasm.ReplaceHttpRequestHeader(":path", path))
	}
}

func warn(what string, err error) {
	if err != nil {
		log.Warn(what + " failed: " + err.Error())
	}
}
