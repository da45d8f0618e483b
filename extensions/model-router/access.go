package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
)

const defaultStatus = 403

// access says which models may be asked for. The zero value allows all.
type access struct {
	allow, deny []string // names, or prefixes that end in "*"
	listed      bool     // there is a list of allowed models
	status      uint32
}

func parseAccess(o field.Object) (a access, err error) {
	if a.allow, a.listed, err = o.Strings("allowModels"); err != nil {
		return a, err
	}
	if a.deny, _, err = o.Strings("denyModels"); err != nil {
		return a, err
	}
	status, set, err := o.Int("refusalStatus", 400, 499)
	if a.status = defaultStatus; set {
		a.status = uint32(status)
	}
	return a, err
}

func (a *access) on() bool { return a.listed || len(a.deny) > 0 }

// allows ignores case and blanks around names, as some providers do.
func (a *access) allows(name string) bool {
	return !a.denies(name) && (!a.listed || listed(a.allow, strings.TrimSpace(name)))
}

func (a *access) denies(name string) bool { return listed(a.deny, strings.TrimSpace(name)) }

func listed(list []string, name string) bool {
	for _, item := range list {
		prefix, isPrefix := strings.CutSuffix(item, "*")
		if isPrefix && len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) || strings.EqualFold(item, name) {
			return true
		}
	}
	return false
}

// The reasons of refusals: the details after the plugin's name, and the code in the body.
const (
	notAllowed = "model_not_allowed"
	notNamed   = "model_missing"
	unreadable = "model_unreadable"
	badUpload  = "bad_upload"
)

// refuse answers in the form of OpenAI's errors.
func refuse(status uint32, reason, message string) types.Action {
	text := `{"error":{"message":` + body.Quote(message) + `,"type":"invalid_request_error","param":"model","code":"` + reason + `"}}`
	return refusal.Send(status, "model-router."+reason, [][2]string{{"content-type", "application/json"}}, []byte(text))
}
