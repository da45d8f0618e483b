package main

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details, besides those of verdict.
const (
	notAllowed    = "opa.server_not_allowed"
	badStatus     = "opa.status_ne_200"
	callFailed    = "opa.call_failed"
	bodyTooLarge  = "opa.body_too_large"
	badUpgrade    = "opa.upgrade_with_body"
	internalError = "opa.internal_error"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		log.Error("the request's headers cannot be read")
		return refusal.Send(500, internalError, nil, nil)
	}
	if config.bodies == noBodies || !ctx.HasRequestBody() {
		return askWithoutBody(ctx, config, headers)
	}
	b := bodyOf(headers)
	if b.method == "GET" && ctx.IsWebsocket() {
		if b.announced {
			log.Warn("the request asks for an upgrade and has a body, which would not be judged")
			return refusal.Send(400, badUpgrade, nil, nil)
		}
		return askWithoutBody(ctx, config, headers)
	}
	if config.bodies < b.needs() {
		return askWithoutBody(ctx, config, headers)
	}
	return awaitBody(ctx, config, b)
}

// body is what the headers say about a request's body.
type body struct {
	method       string
	length       int64 // 0: none is given
	announced    bool  // there is a length above 0, or a transfer coding
	text         bool  // a type is given that is neither binary nor gRPC
	binary, gRPC bool
	encoded      bool
}

func bodyOf(headers [][2]string) (b body) {
	for i := range headers {
		value := headers[i][1]
		switch headers[i][0] {
		case ":method":
			b.method = value
		case "content-length":
			b.length, _ = strconv.ParseInt(value, 10, 64)
			b.announced = b.announced || value != "0"
		case "transfer-encoding":
			b.announced = true
		case "content-encoding":
			b.encoded = b.encoded || value != ""
		case "content-type":
			for one := range strings.SplitSeq(value, ",") { // hosts may join them
				gRPC, binary := strings.Contains(one, "grpc"), strings.Contains(one, "octet-stream")
				b.gRPC, b.binary = b.gRPC || gRPC, b.binary || binary
				b.text = b.text || !gRPC && !binary
			}
		}
	}
	return b
}

// needs returns what must be configured for the agent to judge the body. A type that is given again as another one makes
// nothing of a body.
func (b *body) needs() bodies {
	switch {
	case b.gRPC && !b.text:
		return allBodies
	case b.encoded || b.binary && !b.text:
		return mostBodies
	}
	return textBodies
}

// awaitBody holds the request until its body is there.
func awaitBody(ctx wrapper.HttpContext, config Config, b body) types.Action {
	if config.maxBody > 0 {
		if b.length > int64(config.maxBody) {
			return refuseBody(config)
		}
		ctx.SetRequestBodyBufferLimit(uint32(config.maxBody))
	}
	return types.HeaderStopIteration
}

func refuseBody(config Config) types.Action {
	log.Warn("the request's body is larger than " + strconv.Itoa(config.maxBody) + " bytes")
	return refusal.Send(413, bodyTooLarge, nil, []byte("Payload Too Large"))
}

func askWithoutBody(ctx wrapper.HttpContext, config Config, headers [][2]string) types.Action {
	ctx.DontReadRequestBody()
	ask(config, headers, nil)
	return types.HeaderStopAllIterationAndWatermark
}

// onRequestBody asks with a body that is complete. The headers are still held.
func onRequestBody(ctx wrapper.HttpContext, config Config, body []byte) types.Action {
	if config.maxBody > 0 && len(body) > config.maxBody {
		refuseBody(config)
		return types.DataStopIterationNoBuffer
	}
	ask(config, wrapper.RequestHeaders(ctx), body)
	return types.DataStopIterationAndBuffer
}

// ask has the agent judge the request, which is resumed or refused when it answers, or refused at once.
func ask(config Config, headers [][2]string, body []byte) {
	err := config.client.Post(config.path, [][2]string{{"Content-Type", "application/json"}}, input(headers, body),
		func(status int, _ wrapper.Header, answer []byte) { decide(config, status, answer) }, config.timeout)
	if err != nil {
		log.Error("the agent cannot be asked: " + err.Error())
		refusal.Send(500, callFailed, nil, nil)
	}
}

func decide(config Config, status int, answer []byte) {
	if status != 200 {
		log.Error("the agent answered with status " + strconv.Itoa(status))
		if !config.relaysStatus || status < 200 || status > 599 {
			status = 500
		}
		refusal.Send(uint32(status), badStatus, nil, []byte("opa state not is 200"))
		return
	}
	allowed, details, reason := verdict(answer)
	switch {
	case details != "":
		log.Error(reason)
		refusal.Send(500, details, nil, []byte(reason))
	case !allowed:
		refusal.Send(401, notAllowed, nil, []byte("opa server not allowed"))
	default:
		if err := proxywasm.ResumeHttpRequest(); err != nil {
			log.Error("the request cannot be resumed: " + err.Error())
		}
	}
}
