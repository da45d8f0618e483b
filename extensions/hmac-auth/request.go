package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const formType = "application/x-www-form-urlencoded"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, action, checked := config.Enter(ctx)
	if !checked {
		ctx.DontReadRequestBody()
		return action
	}
	auth := config.Auth
	r, refusal := auth.identify(&config, headers)
	if refusal != nil {
		return refusal.Send()
	}
	if !r.form {
		if ok, text := auth.verify(r, ""); !ok {
			log.Warn("the signature of the request is wrong")
			return auth.refuseSignature(text)
		}
		if r.md5 == "" {
			return passBody(ctx, &config, r)
		}
	}
	return awaitBody(ctx, &config, r)
}

// identify finds the caller, and looks at whatever can be judged before the signature. It returns the refusal of a request
// that may not pass.
func (a *authentication) identify(config *Config, headers [][2]string) (*request, *consumers.Refusal) {
	key, state := consumers.Credential(headers, headerKey)
	caller, known := a.callers[key]
	if state != consumers.Given || !known {
		log.Warn("the app key of the request is nobody's")
		return nil, &invalidKey
	}
	if !config.Allows(caller.name) {
		log.Warn("consumer \"" + caller.name + "\" is not allowed here")
		return nil, &unauthorizedConsumer
	}
	r := &request{headers: headers, caller: caller}
	switch r.signature, state = consumers.Credential(headers, headerSignature); state {
	case consumers.Absent:
		return nil, &emptySignature
	case consumers.Unusable:
		return nil, &invalidSignature
	}
	if a.window > 0 {
		var ok bool
		if r.date, ok = dateOf(headers); !ok || !signature.Within(a.now(), r.date, a.window) {
			log.Warn("the date of the request is not near enough")
			return nil, &invalidDate
		}
	}
	list, state := consumers.Credential(headers, headerNames)
	if state == consumers.Unusable {
		return nil, &invalidSignature
	}
	r.names = parseNames(list)
	if !a.signsEnough(r) {
		log.Warn("a header that must be signed is not")
		return nil, &headerNotSigned
	}
	r.md5 = httpheader.First(headers, headerMD5)
	r.form = strings.Contains(strings.ToLower(httpheader.First(headers, contentType)), formType)
	return r, nil
}

// admit lets a verified request through, unless it is a replay.
func admit(config *Config, r *request) types.Action {
	auth := config.Auth
	if auth.replays != nil {
		refusal, err := auth.replays.Judge(&replayRefusals, signature.Identity{
			Caller: r.caller.key, Nonce: httpheader.First(r.headers, headerNonce), Signature: r.signature, Date: r.date}, auth.now())
		if err != nil {
			return config.Fail("replays cannot be told", err)
		}
		if refusal != nil {
			return refusal.Send()
		}
	}
	if auth.hide {
		if err := removeCredentials(r.headers); err != nil {
			return config.Fail("the credentials cannot be removed", err)
		}
	}
	return config.Admit(r.headers, r.caller.name)
}

func removeCredentials(headers [][2]string) error {
	for i := range headers {
		if !strings.HasPrefix(headers[i][0], prefix) {
			continue
		}
		if err := proxywasm.RemoveHttpRequestHeader(headers[i][0]); err != nil {
			return err
		}
	}
	return nil
}
