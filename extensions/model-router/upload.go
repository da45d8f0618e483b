package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// onRequestChunk holds an upload until its name is known, and then lets it pass.
func onRequestChunk(ctx wrapper.HttpContext, _ Config, chunk []byte, last bool) []byte {
	r, ok := ctx.GetContext(requestKey).(*request)
	if !ok || r.upload == nil || r.over {
		return chunk
	}
	if r.named {
		return r.next(chunk, last)
	}
	name, verdict := r.upload.Look(chunk, last)
	if verdict != model.Found || r.chooses(name) || name != "" && httpheader.HasControl(name) {
		return r.hold(chunk, verdict, last)
	}
	r.named = true
	if !r.route(name) {
		r.over = true
		return nil
	}
	return r.next(chunk, last)
}

// chooses tells whether the name asks for a choice by what the user asks, which may come later.
func (r *request) chooses(name string) bool {
	return name == autoName && r.config.auto != nil && r.config.auto.otherShapes
}

// hold keeps what came of an upload whose name is not known yet. One that has to be read as a whole is held by the host
// alone, and one that is there already is routed as such.
func (r *request) hold(chunk []byte, verdict model.Verdict, last bool) []byte {
	if last {
		r.over = true
		if edited, _ := r.whole(chunk); edited != nil {
			return edited
		}
		return chunk
	}
	if verdict != model.Hold {
		r.ctx.BufferRequestBody()
	}
	wrapper.HoldRequestBody(r.ctx)
	return chunk
}

// route decides by an upload's name; false if the request is refused. The length goes, since names that are still to come
// may get longer or shorter.
func (r *request) route(name string) bool {
	if name == "" {
		r.upload.Set("")
		body.RequestEdited()
		return r.withoutName() == types.ActionContinue
	}
	d := r.config.decide(name, nil, true)
	if d.refused {
		r.refuseModel(name)
		return false
	}
	r.upload.Set(d.name)
	d.apply()
	body.RequestEdited()
	return true
}

func (r *request) next(chunk []byte, last bool) []byte {
	out, err := r.upload.Next(chunk, last)
	if err == nil {
		return out
	}
	r.over = true
	log.Error(err.Error())
	refuse(400, badUpload, "malformed multipart body")
	return nil
}
