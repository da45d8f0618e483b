package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/model"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestBody(ctx wrapper.HttpContext, _ Config, data []byte) types.Action {
	r, ok := ctx.GetContext(requestKey).(*request)
	if !ok {
		return types.ActionContinue
	}
	edited, action := r.whole(data)
	if edited == nil {
		return action
	}
	if err := proxywasm.ReplaceHttpRequestBody(edited); err != nil {
		log.Error("replace request body failed: " + err.Error())
	}
	return action
}

// whole routes a request whose body is there. edited is the new body, nil if it stays.
func (r *request) whole(data []byte) (edited []byte, action types.Action) {
	if len(data) == 0 {
		return nil, r.withoutName()
	}
	var n named
	var err error
	if r.kind == model.Multipart {
		n, err = r.inForm(body.View(data))
	} else {
		n, err = r.inJSON(body.View(data))
	}
	if err != nil {
		log.Error(err.Error())
		return nil, r.withoutReadableName()
	}
	switch {
	case n.name == "" && !n.disputed:
		return nil, r.withoutName()
	case !usable(n.name), n.disputed && !r.edits:
		return nil, r.withoutReadableName()
	}
	d := r.config.decide(n.name, n.message, r.edits)
	switch {
	case d.undecided:
		return nil, types.ActionContinue
	case d.refused:
		return nil, r.refuseModel(n.name)
	}
	if d.name != n.name || n.disputed {
		if edited, err = n.set(d.name); err != nil {
			log.Error(err.Error())
			return nil, r.withoutReadableName()
		}
		body.RequestEdited()
	}
	d.apply()
	return edited, types.ActionContinue
}

// withoutName goes on with a body that names no model.
func (r *request) withoutName() types.Action {
	if action, found := r.routeByTarget(); found {
		return action
	}
	if r.config.access.listed {
		return refuse(400, notNamed, "the request names no model")
	}
	return types.ActionContinue
}

// withoutReadableName goes on with a body of which it is not known whether it names a model.
func (r *request) withoutReadableName() types.Action {
	if r.config.access.on() {
		return refuse(400, unreadable, "the model of this request cannot be read")
	}
	return types.ActionContinue
}

// named is what a body says.
type named struct {
	name     string
	disputed bool                              // it has other names too
	set      func(name string) ([]byte, error) // returns the body with another name everywhere
	message  func() string                     // what the user asks; nil where no model is chosen by it
}

var errValue = errors.New("the model's name is no text")

func (r *request) inJSON(text string) (n named, err error) {
	if !body.Valid(text) {
		return n, errors.New("invalid json body")
	}
	found := r.config.member.Find(text)
	if found.Value.Type == gjson.JSON {
		return n, errValue
	}
	n = named{name: found.Value.String(), disputed: found.Disputed, set: found.Set}
	if r.config.auto != nil {
		n.message = func() string { return r.config.auto.message(text) }
	}
	return n, nil
}

func (r *request) inForm(text string) (n named, err error) {
	form, err := model.ParseForm(text, r.contentType, r.config.key)
	if err != nil {
		return n, err
	}
	n = named{name: form.Last(), disputed: form.Disputed(), set: form.Set}
	if r.config.stream {
		n.name = form.First()
	}
	if r.config.auto != nil && r.config.auto.otherShapes {
		n.message = func() string { return form.Other("prompt") }
	}
	return n, nil
}
