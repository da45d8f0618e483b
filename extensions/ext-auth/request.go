package main

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details.
const (
	unauthorized  = "ext-auth.unauthorized"
	badCredential = "ext-auth.bad_credential"
	bodyTooLarge  = "ext-auth.body_too_large"
	badUpgrade    = "ext-auth.upgrade_with_body"
	internalError = "ext-auth.internal_error"
)

// checkKey is where a stream keeps its check until its body is there.
const checkKey = "check"

// check is a request that needs a verdict.
type check struct {
	ctx     wrapper.HttpContext
	config  *Config
	request request
}

// request is what the plugin looks at of a request.
type request struct {
	headers                         [][2]string
	method, path, authority, scheme string
	authorization                   string // trimmed
	length                          string // content-length, "" if there is none
	chunked                         bool
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	c := &check{ctx: ctx, config: &config}
	if !c.request.read(wrapper.RequestHeaders(ctx)) {
		log.Error("the request's headers cannot be read")
		return refusal.Send(500, internalError, nil, nil)
	}
	if !c.removeForged() {
		return types.HeaderStopAllIterationAndWatermark
	}
	if config.exempt.exempts(&c.request) {
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	}
	credential, state := consumers.Credential(c.request.headers, authorization)
	if state == consumers.Unusable {
		log.Warn("the request's Authorization is too long, or there are several")
		return refusal.Send(401, badCredential, nil, nil)
	}
	c.request.authorization = strings.TrimSpace(credential)
	if config.withBody && ctx.HasRequestBody() {
		return c.awaitBody()
	}
	return c.askWithoutBody()
}

// read returns false if there are no headers.
func (r *request) read(headers [][2]string) bool {
	r.headers = headers
	for i := range headers {
		value := headers[i][1]
		switch headers[i][0] {
		case ":method":
			r.method = value
		case ":path":
			r.path = value
		case ":authority":
			r.authority = value
		case ":scheme":
			r.scheme = value
		case "content-length":
			r.length = value
		case "transfer-encoding":
			r.chunked = true
		}
	}
	return headers != nil
}

// removeForged takes off what no client may say, whatever becomes of the request.
func (c *check) removeForged() bool {
	var edits edits
	for i := range c.request.headers {
		switch name := c.request.headers[i][0]; {
		case httpheader.IsConsumer(name) && c.config.stripConsumer, name == failureHeader && c.config.markFailures:
			edits.remove(name)
		}
	}
	return edits.apply(c.ctx)
}

// awaitBody holds the request until its body is there. An upgrade has none: what follows it is another protocol.
func (c *check) awaitBody() types.Action {
	if c.ctx.IsWebsocket() && c.request.method == "GET" {
		if c.request.chunked || c.request.length != "" && c.request.length != "0" {
			log.Warn("the request asks for an upgrade and has a body, which would not be checked")
			return refusal.Send(400, badUpgrade, nil, nil)
		}
		return c.askWithoutBody()
	}
	if length, err := strconv.ParseInt(c.request.length, 10, 64); err == nil && length > c.config.maxBody {
		return c.refuseBody()
	}
	c.ctx.SetRequestBodyBufferLimit(uint32(c.config.maxBody))
	c.ctx.SetContext(checkKey, c)
	return types.HeaderStopIteration
}

func (c *check) refuseBody() types.Action {
	log.Warn("the request's body is larger than " + strconv.FormatInt(c.config.maxBody, 10) + " bytes")
	return refusal.Send(413, bodyTooLarge, nil, []byte("Payload Too Large"))
}

func (c *check) askWithoutBody() types.Action {
	c.ctx.DontReadRequestBody()
	if c.ask(nil) {
		return types.HeaderContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}

// onRequestBody asks with a body that is complete. The headers are still held.
func onRequestBody(ctx wrapper.HttpContext, _ Config, body []byte) types.Action {
	c, ok := ctx.GetContext(checkKey).(*check)
	if !ok {
		log.Error("there is a body that was not awaited")
		refusal.Send(500, internalError, nil, nil)
		return types.DataStopIterationNoBuffer
	}
	if int64(len(body)) > c.config.maxBody {
		c.refuseBody()
		return types.DataStopIterationNoBuffer
	}
	if c.ask(body) {
		return types.ActionContinue
	}
	return types.DataStopIterationAndBuffer
}

// ask calls the service and has the request resumed or refused when it answers. It is true if the request passes at once,
// because the call cannot be made and failures are allowed.
func (c *check) ask(body []byte) bool {
	s := &c.config.service
	err := s.ask(s.methodFor(&c.request), s.targetFor(&c.request), c.config.question.headers(&c.request), body,
		func(status int, headers wrapper.Header, body []byte) {
			if !c.decide(status, headers, body) {
				return
			}
			if err := proxywasm.ResumeHttpRequest(); err != nil {
				log.Error("the request cannot be resumed: " + err.Error())
			}
		})
	if err == nil {
		return false
	}
	log.Error("failed to call ext auth server: " + err.Error())
	return c.decide(500, nil, nil)
}
