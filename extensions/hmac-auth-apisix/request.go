package main

import (
	"strings"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const authorization = "authorization"

// maxSigned is how many headers a client may list.
const maxSigned = 512

// request is one whose caller is known. It is kept while its body is waited for.
type request struct {
	headers [][2]string // shared
	caller  *caller
	date    time.Time // zero where dates are not looked at
	credentials
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers, action, checked := config.Enter(ctx)
	if !checked {
		ctx.DontReadRequestBody()
		return action
	}
	auth := config.Auth
	value, state := consumers.Credential(headers, authorization)
	if state == consumers.Unusable {
		log.Warn("Authorization comes twice, or is too long")
		return badSignature.Send()
	}
	r, refusal := auth.attribute(headers, value)
	if refusal != nil && auth.anonymous != "" {
		ctx.DontReadRequestBody()
		return config.Admit(headers, auth.anonymous)
	}
	if refusal == nil {
		refusal = auth.judge(&config, r)
	}
	if refusal != nil {
		log.Warn("the request cannot be validated: " + refusal.Details)
		return refusal.Send()
	}
	return awaitBody(ctx, &config, r)
}

// attribute finds the caller that the value of Authorization names. It returns the refusal of a request that is
// nobody's.
func (a *authentication) attribute(headers [][2]string, value string) (*request, *consumers.Refusal) {
	if value == "" {
		return nil, &noAuthorization
	}
	rest, ok := strings.CutPrefix(value, scheme)
	if !ok {
		return nil, &notSignature
	}
	r := &request{headers: headers, credentials: parseParameters(rest)}
	if r.keyID == "" || r.signature == "" {
		return nil, &noKeyOrSign
	}
	if r.algorithm == "" {
		return nil, &noAlgorithm
	}
	if r.caller = a.callers[r.keyID]; r.caller == nil {
		return nil, &unknownKey
	}
	return r, nil
}

// judge looks at everything but the body. It returns the refusal of a request that may not pass.
func (a *authentication) judge(config *Config, r *request) *consumers.Refusal {
	if !config.Allows(r.caller.name) {
		return &r.caller.notAllowed
	}
	if refusal := a.judgeDate(r); refusal != nil {
		return refusal
	}
	algorithm, allowed := a.algorithms[r.algorithm]
	if !allowed {
		return &badAlgorithm
	}
	if refusal := a.judgeSigned(r); refusal != nil {
		return refusal
	}
	text, conflicting := stringToSign(r.headers, &r.credentials)
	if conflicting || !algorithm.Verify(r.caller.secret, text, r.signature) {
		return &badSignature
	}
	return nil
}

// judgeDate notes when the request says that it was signed.
func (a *authentication) judgeDate(r *request) *consumers.Refusal {
	if a.window <= 0 {
		return nil
	}
	date, presence := signature.Header(r.headers, "date")
	if date == "" && presence != signature.Conflicting {
		return &noDate
	}
	t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", date)
	if err != nil || presence == signature.Conflicting {
		return &badDate
	}
	if !signature.Within(a.now(), t, a.window) {
		return &skewExceeded
	}
	r.date = t
	return nil
}

// judgeSigned tells whether everything that the configuration wants signed is.
func (a *authentication) judgeSigned(r *request) *consumers.Refusal {
	if len(r.listed) > maxSigned {
		return &badSignature
	}
	if len(a.required) > 0 && len(r.listed) == 0 {
		return &noHeaders
	}
	for i := range a.required {
		if !r.isSigned(r.headers, a.required[i].name) {
			return &a.required[i].refusal
		}
	}
	return nil
}

// admit lets a verified request through, unless it is a replay.
func admit(config *Config, r *request) types.Action {
	auth := config.Auth
	if auth.replays != nil {
		refusal, err := auth.replays.Judge(&replayRefusals, signature.Identity{
			Caller: r.caller.key, Nonce: httpheader.First(r.headers, auth.nonceHeader), Signature: r.signature, Date: r.date}, auth.now())
		if err != nil {
			return config.Fail("replays cannot be told", err)
		}
		if refusal != nil {
			return refusal.Send()
		}
	}
	if auth.hide {
		if err := proxywasm.RemoveHttpRequestHeader(authorization); err != nil {
			return config.Fail("the credential cannot be removed", err)
		}
	}
	return config.Admit(r.headers, r.caller.name)
}
