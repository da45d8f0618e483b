package consumers

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

var errNoHeaders = errors.New("the host does not give them")

// Enter begins a request, in its header phase. It removes the client's own X-Mse-Consumer where the configuration says
// so. checked tells whether the caller must authenticate; the headers are then those of wrapper.RequestHeaders, with
// names in lower case, shared and not to be changed. If not checked, the handler returns action at once: the request
// passes, or it has been refused because the host failed.
func (a *Access) Enter(ctx wrapper.HttpContext) (headers [][2]string, action types.Action, checked bool) {
	if a.strip {
		for _, name := range httpheader.ConsumerSpellings {
			if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
				return nil, a.Fail(name+" cannot be removed", err), false
			}
		}
	}
	if !a.Required() {
		log.Info("authorization is not required")
		return nil, types.HeaderContinue, false
	}
	return a.Headers(ctx)
}

// Headers reads the headers of a request, in its header phase, as Enter does. If it returns false, the request has been
// refused, and the handler returns action.
func (a *Access) Headers(ctx wrapper.HttpContext) (headers [][2]string, action types.Action, ok bool) {
	headers = wrapper.RequestHeaders(ctx)
	if headers == nil {
		return nil, a.Fail("request headers cannot be read", errNoHeaders), false
	}
	return headers, types.HeaderContinue, true
}

// Admit lets an authenticated caller's request through: exactly one X-Mse-Consumer with his name, or none if he has no
// name. headers are those that Enter gave. It is the last thing that is done to a request; the handler returns what it
// returns, of headers or of a body, and a callback resumes the request only if that is types.ActionContinue.
//
// Admit does not look at the allow list: call Allows first.
func (a *Access) Admit(headers [][2]string, name string) types.Action {
	for _, forged := range httpheader.ConsumerSpellings {
		if forged == httpheader.Consumer && name != "" || !httpheader.Has(headers, forged) {
			continue
		}
		if err := proxywasm.RemoveHttpRequestHeader(forged); err != nil {
			return a.Fail(forged+" cannot be removed", err)
		}
	}
	if name != "" {
		if err := proxywasm.ReplaceHttpRequestHeader(httpheader.Consumer, name); err != nil {
			return a.Fail(httpheader.Consumer+" cannot be set", err)
		}
	}
	if wrapper.LogEnabled(wrapper.LogLevelInfo) {
		log.Info("consumer \"" + name + "\" authenticated")
	}
	return types.HeaderContinue
}

// Fail logs what the host could not do and refuses the request; see Table.Internal. The handler returns what it returns.
func (a *Access) Fail(what string, err error) types.Action {
	log.Error(what + ": " + err.Error())
	return a.reply.Send()
}
