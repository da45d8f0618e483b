package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const requestKey = "request"

// request is one whose model is looked for.
type request struct {
	ctx         wrapper.HttpContext
	config      *Config
	headers     [][2]string
	kind        model.Kind
	contentType string
	place       *place        // of a name in the target; nil if there is none
	edits       bool          // the body may be changed
	upload      *model.Upload // nil: the body is read as a whole
	named       bool          // the upload's name is known
	over        bool          // nothing more is done to the upload
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	acts := ctx.HasRequestBody() && config.acts(ctx.Path())
	if !acts && config.places.none() && !config.strip {
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	return config.begin(ctx, acts)
}

// begin takes a copy of the configuration, which then lives as long as the request. acts tells whether the path is one of
// those on which bodies are read, and there is a body.
func (c Config) begin(ctx wrapper.HttpContext, acts bool) types.Action {
	r := &request{ctx: ctx, config: &c, headers: wrapper.RequestHeaders(ctx)}
	if r.headers == nil {
		log.Error("request headers cannot be read")
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	if c.strip {
		r.strip()
	}
	r.place = c.places.find(ctx.Path())
	if c.access.on() && !c.places.none() {
		if action, refused := r.judge(); refused {
			return action
		}
	}
	if acts && r.reads() {
		return r.await()
	}
	ctx.DontReadRequestBody()
	if acts && c.access.on() && !r.isHandshake() {
		return refuse(400, unreadable, "the model of this request cannot be read")
	}
	action, _ := r.routeByTarget()
	return action
}

// strip takes off what the client says in headers that only this plugin is to set.
func (r *request) strip() {
	for i := range r.headers {
		name := r.headers[i][0]
		if name == autoHeader || strings.EqualFold(name, r.config.modelHeader) || strings.EqualFold(name, r.config.providerHeader) {
			if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
				log.Error("remove header " + name + " failed: " + err.Error())
			}
		}
	}
}

// reads tells whether there is a body that can name a model.
func (r *request) reads() bool {
	obstacle := body.OfRequest(r.headers, r.ctx.HasRequestBody())
	r.edits = obstacle == ""
	r.kind, r.contentType = model.KindOf(r.headers)
	return obstacle.Reads() && (r.kind == model.JSON || r.kind == model.Multipart)
}

// await holds the headers until the body has come, or enough of it.
func (r *request) await() types.Action {
	r.ctx.SetContext(requestKey, r)
	r.ctx.SetRequestBodyBufferLimit(r.config.maxBody)
	if r.kind == model.Multipart && r.config.stream && r.edits {
		r.upload = model.NewUpload(r.contentType, r.config.key)
	}
	if r.upload == nil {
		r.ctx.BufferRequestBody()
	}
	return types.HeaderStopIteration
}

// isHandshake tells whether what follows the headers is another protocol, and no body that a backend could take for one of
// HTTP.
func (r *request) isHandshake() bool {
	method, upgrade := "", false
	for i := range r.headers {
		switch r.headers[i][0] {
		case ":method":
			method = r.headers[i][1]
		case "upgrade":
			upgrade = r.headers[i][1] != ""
		case "content-length", "transfer-encoding":
			if r.headers[i][1] != "0" {
				return false
			}
		}
	}
	return method == "CONNECT" || method == "GET" && upgrade
}

// routeByTarget routes by the name in the path or in the query. found is false if there is none.
func (r *request) routeByTarget() (action types.Action, found bool) {
	p := r.place
	if p == nil || !usable(p.name) {
		return types.ActionContinue, false
	}
	d := r.config.decide(p.name, nil, true)
	split := d.name != p.name
	if split || p.disputed {
		if err := proxywasm.ReplaceHttpRequestHeader(":path", p.withModel(!split)); err != nil {
			log.Error("set path failed: " + err.Error())
			return types.ActionContinue, true
		}
	}
	d.apply()
	return types.ActionContinue, true
}

func (r *request) refuseModel(name string) types.Action {
	return refuse(r.config.access.status, notAllowed, "the model "+name+" is not allowed")
}
