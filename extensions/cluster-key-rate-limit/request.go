package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// counted is a request that is limited: by what, and with which value, as it stands in counters' names; "" where there is
// one counter.
type counted struct {
	limit *limit
	value string
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	ctx.DisableReroute()
	c := config.find(ctx)
	if c.limit == nil {
		return types.HeaderContinue
	}
	keys := []interface{}{c.limit.counter + c.value}
	err := config.redis.Eval(scripts[c.limit.Algorithm], len(keys), keys, c.limit.args, func(response resp.Value) {
		config.decide(ctx, c, response)
	})
	if err == nil {
		return types.HeaderStopAllIterationAndWatermark
	}
	log.Error("redis call failed: " + err.Error())
	if config.passesWithoutRedis(ctx, c) {
		return types.HeaderContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}

// find returns by what the request is limited; without a limit, if by nothing.
func (l *limiter) find(ctx wrapper.HttpContext) counted {
	if l.global != nil {
		return counted{limit: l.global}
	}
	headers := wrapper.RequestHeaders(ctx)
	for i := range l.items {
		value, key, ok := l.items[i].Match(headers)
		if ok {
			return counted{&l.items[i].limits[key], ratelimit.CounterValue(value.Text)}
		}
	}
	return counted{}
}

// decide lets the held request go on or refuses it.
func (l *limiter) decide(ctx wrapper.HttpContext, c counted, response resp.Value) {
	decision, ok := c.limit.parseDecision(response)
	passes := false
	if ok {
		passes = l.apply(ctx, c.limit, decision)
	} else {
		log.Error("redis response parse error, response: " + response.String())
		passes = l.passesWithoutRedis(ctx, c)
	}
	if !passes {
		return
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

// passesWithoutRedis tells whether a request goes on that Redis gives no verdict about. One that does not is answered.
func (l *limiter) passesWithoutRedis(ctx wrapper.HttpContext, c counted) bool {
	switch l.failure {
	case failClosed:
		if l.dryRun {
			ctx.SetContext(grantKey, grant{wouldRefuse: true})
			return true
		}
		refusal.Send(unavailableStatus, unavailableDetails, nil, nil)
		return false
	case failLocal:
		if decision, ok := l.countLocally(c); ok {
			return l.apply(ctx, c.limit, decision)
		}
	}
	return true
}

// apply tells whether a request goes on after a decision. One that does not is answered.
func (l *limiter) apply(ctx wrapper.HttpContext, limited *limit, decision ratelimit.Decision) bool {
	if !decision.Passed && !l.dryRun {
		l.refuse(limited, &decision)
		return false
	}
	if l.headers.Any() || !decision.Passed {
		ctx.SetContext(grantKey, grant{limited, decision, !decision.Passed})
	}
	return true
}

func (l *limiter) refuse(limited *limit, decision *ratelimit.Decision) {
	if err := l.refusal.Send(l.headers.OfRefusal(&limited.Limit, decision, true)); err != nil {
		log.Error("the refusal cannot be sent: " + err.Error())
	}
}
