package main

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// mapJSON returns the body with the final name, or nil if it stays as it is.
func (r *request) mapJSON(text string) ([]byte, error) {
	if !body.Valid(text) {
		return nil, errors.New("invalid json body")
	}
	found := r.config.member.Find(text)
	value := found.Value
	if value.Exists() && value.Type != gjson.Null && value.Type != gjson.String {
		r.removeHeader()
		return nil, nil
	}
	asked := value.String()
	final := r.config.table.name(asked)
	var edited []byte
	if found.Disputed && (value.Exists() || !found.Folded) || final != "" && final != asked {
		var err error
		if edited, err = found.Set(final); err != nil {
			r.removeHeader()
			return nil, err
		}
	}
	r.final(asked, final)
	return edited, nil
}

// mapForm is mapJSON for a multipart body.
func (r *request) mapForm(text string) ([]byte, error) {
	form, err := model.ParseForm(text, r.contentType, r.config.key)
	if err != nil {
		return nil, err
	}
	asked := form.Last()
	if r.config.multipart == stream {
		asked = form.First()
	}
	final := r.config.table.name(asked)
	var edited []byte
	if final != "" || form.Disputed() {
		if edited, err = form.Set(final); err != nil {
			r.removeHeader()
			return nil, err
		}
	}
	r.final(asked, final)
	return edited, nil
}

// onRequestChunk holds an upload until its name is known, and then lets it pass.
func onRequestChunk(ctx wrapper.HttpContext, _ Config, chunk []byte, last bool) []byte {
	r, ok := ctx.GetContext(requestKey).(*request)
	if !ok || r.upload == nil || r.failed {
		return chunk
	}
	if !r.named {
		asked, verdict := r.upload.Look(chunk, last)
		if verdict == model.Found {
			r.named = true
			r.name(asked)
			return r.next(chunk, last)
		}
		return r.hold(chunk, verdict, last)
	}
	return r.next(chunk, last)
}

// hold keeps what came of an upload whose name is not known yet. One that has to be read as a whole is held by the host
// alone, and one that is there already is edited.
func (r *request) hold(chunk []byte, verdict model.Verdict, last bool) []byte {
	if !last {
		if verdict == model.Whole {
			r.ctx.BufferRequestBody()
		}
		wrapper.HoldRequestBody(r.ctx)
		return chunk
	}
	edited, err := r.mapForm(body.View(chunk))
	if err != nil {
		log.Error(err.Error())
	}
	if edited == nil {
		return chunk
	}
	body.RequestEdited()
	return edited
}

// name decides what an upload's name becomes. Its length goes, since names that are still to come may get longer or
// shorter.
func (r *request) name(asked string) {
	final := r.config.table.name(asked)
	if final == "" || !r.upload.CanSet(final) {
		final = asked
	}
	r.upload.Set(final)
	r.final(asked, final)
	body.RequestEdited()
}

func (r *request) next(chunk []byte, last bool) []byte {
	out, err := r.upload.Next(chunk, last)
	if err == nil {
		return out
	}
	r.failed = true
	log.Error(err.Error())
	refusal.Send(400, "model-mapper.bad_upload", nil, []byte("malformed multipart body"))
	return nil
}
