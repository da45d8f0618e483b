package main

import (
	"errors"
	"math"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	// leastHold is what every host lets a stream hold, in bytes: Higress' default of downstream.connectionBufferLimits.
	leastHold = 32 << 10
	// holdMargin is how much a host may deliver at once beyond what it has delivered before.
	holdMargin = 1 << 20
)

// allowHold asks the host to let the stream hold as much of a body as is examined. The host has one limit for both
// directions; what an earlier plugin asked for is not lowered. Hosts that do not know the property have a limit of
// their own and answer 413 or 500 beyond it.
func allowHold(limit, length int64, known bool) {
	if known && length <= leastHold {
		return
	}
	want := limit + holdMargin
	for _, property := range []string{"set_decoder_buffer_limit", "set_encoder_buffer_limit"} {
		value, err := proxywasm.GetProperty([]string{property})
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(string(value), 10, 64); err == nil && n >= want {
			return
		}
	}
	want = min(want, math.MaxUint32)
	if err := proxywasm.SetProperty([]string{"set_decoder_buffer_limit"}, strconv.AppendInt(nil, want, 10)); err != nil {
		log.Warn("the buffer limit cannot be set: " + err.Error())
	}
}

// limitedVM, limitedPlugin and limitedStream stand between the host and the SDK. The SDK gives a handler the whole body,
// however long; here a body is judged as soon as as much of it has come as the engine examines, and the rest follows
// unexamined. The SDK is told that the body ends there. And it does not read response bodies that are encoded or of a
// binary type, which this plugin examines as they are.
type limitedVM struct{ types.VMContext }

func (v limitedVM) NewPluginContext(id uint32) types.PluginContext {
	return limitedPlugin{v.VMContext.NewPluginContext(id)}
}

type limitedPlugin struct{ types.PluginContext }

func (p limitedPlugin) NewHttpContext(id uint32) types.HttpContext {
	stream := p.PluginContext.NewHttpContext(id)
	sdk, ok := stream.(wrapper.HttpContext)
	if !ok {
		return stream
	}
	return &limitedStream{HttpContext: stream, sdk: sdk}
}

type limitedStream struct {
	types.HttpContext
	sdk wrapper.HttpContext
	raw bool // the response body is read here, as the SDK does not
}

func (c *limitedStream) OnHttpRequestBody(size int, end bool) types.Action {
	s := inspectionOf(c.sdk)
	if s == nil || !s.holdsRequest {
		return c.HttpContext.OnHttpRequestBody(size, end)
	}
	if s.requestJudged {
		return afterVerdict(s, types.DataStopIterationNoBuffer)
	}
	return c.HttpContext.OnHttpRequestBody(size, end || int64(size) >= s.engine.requestLimit)
}

func (c *limitedStream) OnHttpResponseHeaders(count int, end bool) types.Action {
	action := c.HttpContext.OnHttpResponseHeaders(count, end)
	s := inspectionOf(c.sdk)
	// The SDK makes the pause complete where it is not going to read the body.
	if s != nil && s.holdsResponse && action == types.HeaderStopAllIterationAndWatermark {
		c.raw = true
		return types.HeaderStopIteration
	}
	return action
}

func (c *limitedStream) OnHttpResponseBody(size int, end bool) types.Action {
	s := inspectionOf(c.sdk)
	if s == nil || !s.holdsResponse {
		return c.HttpContext.OnHttpResponseBody(size, end)
	}
	if s.responseJudged {
		return afterVerdict(s, types.DataStopIterationNoBuffer)
	}
	complete := end || int64(size) >= s.engine.responseLimit
	action := c.HttpContext.OnHttpResponseBody(size, complete) // in any case, as the SDK notes whose turn it is
	switch {
	case !c.raw:
		return action
	case !complete:
		return types.DataStopIterationAndBuffer
	}
	return c.judgeRaw(s)
}

func (c *limitedStream) OnHttpResponseTrailers(count int) types.Action {
	s := inspectionOf(c.sdk)
	action := c.HttpContext.OnHttpResponseTrailers(count)
	if s == nil || !s.holdsResponse || !c.raw {
		return action
	}
	if s.responseJudged {
		return afterVerdict(s, types.ActionPause)
	}
	if c.judgeRaw(s) != types.ActionContinue {
		return types.ActionPause
	}
	return types.ActionContinue
}

func afterVerdict(s *inspection, stop types.Action) types.Action {
	if s.answered {
		return stop
	}
	return types.ActionContinue
}

// judgeRaw judges a body that the SDK does not read. A panic refuses the request, as it does in the SDK.
func (c *limitedStream) judgeRaw(s *inspection) (action types.Action) {
	defer func() {
		if cause := recover(); cause != nil {
			s.responseJudged = true
			s.fail(refusal.PanicText(cause))
			action = types.DataStopIterationNoBuffer
		}
	}()
	body, err := proxywasm.GetHttpResponseBody(0, math.MaxInt32)
	if err != nil && !errors.Is(err, types.ErrorStatusNotFound) {
		s.responseJudged = true
		s.fail("the response body cannot be read: " + err.Error())
		return types.DataStopIterationNoBuffer
	}
	return s.judgeResponse(body)
}
