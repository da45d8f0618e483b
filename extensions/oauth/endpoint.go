package main

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const formType = "application/x-www-form-urlencoded"

// maxForm is the length of the longest form that is read, in bytes.
const maxForm = 32 << 10

// isTokenRequest tells whether a request is for the token endpoint: GET or POST, and a path that ends with the
// endpoint's. None of them gets to a backend; any other request has its token checked.
func (a *authentication) isTokenRequest(headers [][2]string) bool {
	method := httpheader.First(headers, ":method")
	if method != "GET" && method != "POST" {
		return false
	}
	path, _, _ := strings.Cut(httpheader.First(headers, ":path"), "?")
	return strings.HasSuffix(path, a.path)
}

// beginToken answers a token request, or holds it until its form is there; the action is then types.HeaderStopIteration.
func beginToken(ctx wrapper.HttpContext, config *Config, headers [][2]string) types.Action {
	if httpheader.First(headers, ":method") == "GET" {
		text, ok := query.Of(httpheader.First(headers, ":path"))
		if !ok {
			return noParameters.Send()
		}
		return answerToken(config, text)
	}
	if !strings.Contains(strings.ToLower(httpheader.First(headers, "content-type")), formType) {
		return noForm.Send()
	}
	// What comes after a request for another protocol is no form, and has no end that could be waited for.
	if !ctx.HasRequestBody() || httpheader.Has(headers, "upgrade") {
		return answerToken(config, "")
	}
	length, err := strconv.ParseUint(httpheader.First(headers, "content-length"), 10, 64)
	if err == nil && length > maxForm {
		return formTooLarge.Send()
	}
	return types.HeaderStopIteration
}

// onRequestBody answers a token request whose form was waited for.
func onRequestBody(_ wrapper.HttpContext, config Config, body []byte) types.Action {
	if len(body) > maxForm {
		return formTooLarge.Send()
	}
	return answerToken(&config, string(body))
}

// answerToken issues a token for the parameters in text, or refuses it.
func answerToken(config *Config, text string) types.Action {
	auth := config.Auth
	p := parseParameters(text)
	c, refusal := auth.judge(&p)
	if refusal != nil {
		log.Warn("a token is refused: " + refusal.Body)
		return refusal.Send()
	}
	audience, err := auth.audience()
	if err != nil {
		return config.Fail("the route of a token request is not known", err)
	}
	token, err := auth.issue(c, audience, p.scope)
	if err != nil {
		return config.Fail("a token cannot be made", err)
	}
	if len(scheme)+1+len(token) > consumers.MaxCredential { // no request could carry it
		return invalidScope.Send()
	}
	if wrapper.LogEnabled(wrapper.LogLevelInfo) {
		log.Info("consumer \"" + c.name + "\" has a new token")
	}
	return auth.send(config, token)
}

// judge returns the client whose request this is, or what is wrong with it. Whether a secret is there is looked at before
// the id, so that no answer tells which ids there are.
func (a *authentication) judge(p *parameters) (*client, *consumers.Refusal) {
	switch {
	case !p.grant.given:
		return nil, &noGrant
	case p.grant.text != "client_credentials":
		return nil, unsupportedGrant(p.grant.text)
	case !p.id.given:
		return nil, &noClientID
	case !p.secret.given:
		return nil, &noSecret
	}
	c, ok := a.clients.authenticate(p.id.text, p.secret.text)
	if !ok {
		return nil, &unknownClient
	}
	if !utf8.ValidString(p.scope.text) { // JSON cannot hold it
		return nil, &invalidScope
	}
	return c, nil
}

var tokenHeaders = [][2]string{
	{"content-type", "application/json"},
	{"cache-control", "no-store"}, // RFC 6749, section 5.1
	{"pragma", "no-cache"},
}

// send answers with a token. A token has no character that JSON escapes.
func (a *authentication) send(config *Config, token string) types.Action {
	body := "\n{\n  \"token_type\": \"bearer\",\n  \"access_token\": \"" + token + "\",\n  \"expires_in\": " +
		strconv.FormatInt(a.life, 10) + "\n}"
	if err := proxywasm.SendHttpResponse(200, tokenHeaders, []byte(body), -1); err != nil {
		return config.Fail("the token cannot be sent", err)
	}
	return types.HeaderStopAllIterationAndWatermark
}
