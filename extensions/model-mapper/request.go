package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	requestKey = "request"
	askedKey   = "asked"
)

// request is one whose body is read.
type request struct {
	ctx         wrapper.HttpContext
	config      *Config
	kind        model.Kind
	contentType string
	upload      *model.Upload // nil: the body is read as a whole
	named       bool          // the upload's name is known
	failed      bool
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	var r *request
	if ctx.HasRequestBody() && config.suffixes.Fit(ctx.Path()) {
		r = config.examine(ctx)
	}
	if r == nil {
		ctx.DontReadRequestBody()
		return types.ActionContinue
	}
	ctx.SetContext(requestKey, r)
	ctx.DisableReroute()
	ctx.SetRequestBodyBufferLimit(config.maxBody)
	if r.kind == model.Multipart && config.multipart == stream {
		r.upload = model.NewUpload(r.contentType, config.key)
	}
	if r.upload == nil {
		ctx.BufferRequestBody()
	}
	return types.HeaderStopIteration
}

// examine returns nil for requests whose bodies are left alone. It takes a copy of the configuration, which then lives as
// long as the request.
func (c Config) examine(ctx wrapper.HttpContext) *request {
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil || body.OfRequest(headers, true) != "" {
		return nil
	}
	r := &request{ctx: ctx, config: &c}
	switch r.kind, r.contentType = model.KindOf(headers); {
	case r.kind == model.Unknown, r.kind == model.Multipart && c.multipart == pass:
		return nil
	}
	return r
}

func onRequestBody(ctx wrapper.HttpContext, _ Config, data []byte) types.Action {
	r, ok := ctx.GetContext(requestKey).(*request)
	if !ok || len(data) == 0 {
		return types.ActionContinue
	}
	var edited []byte
	var err error
	if r.kind == model.Multipart {
		edited, err = r.mapForm(body.View(data))
	} else {
		edited, err = r.mapJSON(body.View(data))
	}
	if err != nil {
		log.Error(err.Error())
		return types.ActionContinue
	}
	if edited == nil {
		return types.ActionContinue
	}
	if err := proxywasm.ReplaceHttpRequestBody(edited); err != nil {
		log.Error("replace request body failed: " + err.Error())
		return types.ActionContinue
	}
	body.RequestEdited()
	return types.ActionContinue
}

// final tells the name that the backend gets, and remembers the one that the client asked for.
func (r *request) final(asked, final string) {
	if httpheader.HasControl(final) {
		r.removeHeader()
		return
	}
	if err := proxywasm.ReplaceHttpRequestHeader(r.config.header, final); err != nil {
		log.Error("set header " + r.config.header + " failed: " + err.Error())
	}
	if asked == final {
		return
	}
	if wrapper.LogEnabled(wrapper.LogLevelDebug) {
		log.Debug("model " + asked + " mapped to " + final)
	}
	if r.config.restore && asked != "" {
		r.ctx.SetContext(askedKey, strings.Clone(asked))         // it may share the body
		_ = proxywasm.RemoveHttpRequestHeader("accept-encoding") // an encoded response could not be edited
	}
}

// removeHeader takes off what the client says the final name is, where there is no name that could be said.
func (r *request) removeHeader() { _ = proxywasm.RemoveHttpRequestHeader(r.config.header) }
