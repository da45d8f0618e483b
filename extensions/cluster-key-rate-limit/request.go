package main

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	ctx.DisableReroute()
	limited, counter := config.find(ctx)
	if limited == nil {
		return types.HeaderContinue
	}
	keys := []interface{}{counter}
	err := config.redis.Eval(script, len(keys), keys, limited.args, func(response resp.Value) {
		config.decide(ctx, response)
	})
	if err != nil {
		log.Error("redis call failed: " + err.Error())
		return types.HeaderContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}

// find returns the request's limit and the name of its counter; nil if it is not limited.
func (l *limiter) find(ctx wrapper.HttpContext) (*limit, string) {
	if l.global != nil {
		return l.global, l.global.counter
	}
	headers := wrapper.RequestHeaders(ctx)
	for i := range l.items {
		value, key, ok := l.items[i].Match(headers)
		if !ok {
			continue
		}
		limited := &l.items[i].limits[key]
		return limited, limited.counter + ratelimit.CounterValue(value.Text)
	}
	return nil, ""
}

// decide lets the held request go on or refuses it. Without a verdict of Redis it goes on.
func (l *limiter) decide(ctx wrapper.HttpContext, response resp.Value) {
	q, ok := parseQuota(response)
	switch {
	case !ok:
		log.Error("redis response parse error, response: " + response.String())
	case q.count > q.threshold:
		l.refuse(q)
		return
	case l.quotaHeader:
		ctx.SetContext(quotaKey, q)
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

func (l *limiter) refuse(q quota) {
	headers := make([][2]string, 0, 3)
	if l.quotaHeader {
		headers = append(headers, [2]string{limitHeader, strconv.Itoa(q.threshold)}, [2]string{remainingHeader, "0"})
	}
	headers = append(headers, [2]string{resetHeader, strconv.Itoa(q.reset)})
	if err := l.refusal.Send(headers); err != nil {
		log.Error("the refusal cannot be sent: " + err.Error())
	}
}
