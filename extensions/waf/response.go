package main

import (
	"strconv"
	"strings"

	"github.com/corazawaf/coraza/v3/types"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	proxy "github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onResponseHeaders(ctx wrapper.HttpContext, _ Config) proxy.Action {
	s := inspectionOf(ctx)
	if s == nil || s.answered {
		ctx.DontReadResponseBody()
		return proxy.HeaderContinue
	}
	// The host, or another plugin, may answer before the request's body is complete.
	if !s.requestJudged && !s.judgeRequest(nil) {
		return proxy.HeaderStopAllIterationAndWatermark
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		s.fail("the response headers cannot be read: " + err.Error())
		return proxy.HeaderStopAllIterationAndWatermark
	}
	s.responseHeaders = headers
	var contentType string
	for _, h := range headers {
		switch h[0] {
		case ":status":
			s.status, _ = strconv.Atoi(h[1])
		case "content-type":
			contentType = h[1]
		}
		s.tx.AddResponseHeader(h[0], h[1])
	}
	s.responseSeen = true
	phase3 := func() (*types.Interruption, error) {
		return s.tx.ProcessResponseHeaders(s.status, s.request.protocol), nil
	}
	if !s.evaluate(phase3) {
		return proxy.HeaderStopAllIterationAndWatermark
	}
	if s.upgrade || !ctx.HasResponseBody() || streams(contentType) || !s.examinesResponse() {
		ctx.DontReadResponseBody()
		return proxy.HeaderContinue
	}
	length, known := contentLength(headers)
	allowHold(s.engine.responseLimit, length, known)
	s.holdsResponse = true
	return proxy.HeaderStopIteration
}

// examinesResponse reports whether the rules see the response's body.
func (s *inspection) examinesResponse() bool {
	return s.tx.IsResponseBodyAccessible() && s.tx.IsResponseBodyProcessable() && !s.tx.IsRuleEngineOff()
}

// streams reports whether a body of a content type is made to be read while it comes. Such bodies are never held.
func streams(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "text/event-stream" || strings.HasPrefix(kind, "application/grpc")
}

// onResponseBody judges a response by its body, or by as much of it as is examined.
func onResponseBody(ctx wrapper.HttpContext, _ Config, body []byte) proxy.Action {
	s := inspectionOf(ctx)
	if s == nil {
		return proxy.ActionContinue
	}
	return s.judgeResponse(body)
}

// judgeResponse runs phase 4. The response's headers are still held, so a refusal is a response of its own.
func (s *inspection) judgeResponse(body []byte) proxy.Action {
	s.responseJudged = true
	passes := s.evaluate(func() (*types.Interruption, error) {
		if len(body) > 0 {
			it, _, err := s.tx.WriteResponseBody(body)
			if it != nil || err != nil {
				return it, err
			}
		}
		return s.tx.ProcessResponseBody()
	})
	if !passes {
		return proxy.DataStopIterationNoBuffer
	}
	return proxy.ActionContinue
}
