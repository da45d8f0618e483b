package main

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// grant is what a request that passed leaves to its response.
type grant struct {
	limit    *limit
	decision ratelimit.Decision
}

// grantKey is where it waits.
const grantKey = "grant"

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.limiter == nil {
		return types.HeaderContinue
	}
	value, limited := config.find(wrapper.RequestHeaders(ctx))
	if limited == nil {
		return types.HeaderContinue
	}
	decision, counted := config.take(limited, value)
	if !counted {
		return types.HeaderContinue
	}
	config.metrics.count(decision.Passed)
	if !decision.Passed {
		return config.refuse(limited, value, &decision)
	}
	if config.headers.Any() {
		ctx.SetContext(grantKey, grant{limited, decision})
	}
	return types.HeaderContinue
}

// find returns the request's value and its limit; nil if it is not limited. Where there are buckets for each key, a
// request without a value has the empty one.
func (l *limiter) find(headers [][2]string) (string, *limit) {
	value, ok := l.item.Source.Value(headers)
	if !ok && !l.perKey {
		return "", nil
	}
	key := l.item.Keys.Match(value)
	if key < 0 {
		return "", nil
	}
	return value.Text, &l.limits[key]
}

// take counts the request; false where that is impossible, and the request is to pass.
func (l *limiter) take(limited *limit, value string) (decision ratelimit.Decision, counted bool) {
	var err error
	if l.perKey {
		decision, err = l.buckets.Take(limited.bucket, &limited.Limit)
	} else {
		decision, err = l.buckets.TakeOf(limited.bucket, value, &limited.Limit)
	}
	if err != nil {
		log.Error("the request is not counted: " + err.Error())
	}
	return decision, err == nil
}

func (l *limiter) refuse(limited *limit, value string, decision *ratelimit.Decision) types.Action {
	log.Info("request rate limited by key: " + brief(value))
	if err := l.refusal.Send(l.headers.OfRefusal(&limited.Limit, decision, l.headers.Quota)); err != nil {
		log.Error("the refusal cannot be sent: " + err.Error())
	}
	return types.HeaderStopAllIterationAndWatermark
}

// brief stands for a value in the log, which is often a credential: its first characters and part of a digest, by which
// those who know the value find it.
func brief(value string) string {
	const most = 4
	sum := sha256.Sum256([]byte(value))
	shown := []byte(value[:min(most, len(value)/2)])
	for i, c := range shown {
		if c < ' ' || c > '~' {
			shown[i] = '?'
		}
	}
	return string(shown) + "… sha256:" + hex.EncodeToString(sum[:6])
}

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.limiter == nil || !config.headers.Any() {
		return types.HeaderContinue
	}
	if g, ok := ctx.GetContext(grantKey).(grant); ok {
		config.headers.SetOnResponse(&g.limit.Limit, &g.decision)
	}
	return types.HeaderContinue
}
