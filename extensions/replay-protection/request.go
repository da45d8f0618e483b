package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details.
const (
	missingNonce     = "replay-protection.missing_nonce"
	invalidNonce     = "replay-protection.invalid_nonce"
	duplicateNonce   = "replay-protection.duplicate_nonce"
	redisUnavailable = "replay-protection.redis_unavailable"
	internalError    = "replay-protection.internal_error"
)

var (
	missingBody = []byte("Missing Required Header")
	invalidBody = []byte("Invalid Nonce")
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		return refusal.Send(500, internalError, nil, nil)
	}
	nonce, state := consumers.Credential(headers, config.header)
	switch {
	case state == consumers.Absent && !config.force:
		return types.HeaderContinue
	case state == consumers.Absent:
		log.Warn("the request has no nonce")
		return refusal.Send(400, missingNonce, nil, missingBody)
	case state == consumers.Unusable || !config.allows(nonce):
		log.Warn("the nonce has not the form that is asked for, or comes twice")
		return refusal.Send(400, invalidNonce, nil, invalidBody)
	}
	command := []interface{}{"SET", config.prefix + nonce, "1", "NX", "EX", config.ttl}
	err := config.redis.Command(command, func(answer resp.Value) { config.decide(nonce, answer) })
	if err == nil {
		return types.HeaderStopAllIterationAndWatermark
	}
	log.Error("redis call failed: " + err.Error())
	if config.failClosed {
		return config.unavailable()
	}
	return types.HeaderContinue
}

var errAnswer = errors.New("neither OK nor nil")

// decide lets the held request go on or refuses it. Without a verdict of Redis the failure mode counts.
func (c *Config) decide(nonce string, answer resp.Value) {
	switch {
	case isNil(answer):
		log.Warn("duplicate nonce detected: " + brief(nonce))
		refusal.Send(c.status, duplicateNonce, nil, c.message)
		return
	case answer.Type() == resp.SimpleString && answer.String() == "OK", answer.Type() == resp.BulkString && answer.String() == "OK":
	default:
		err := answer.Error()
		if err == nil {
			err = errAnswer
		}
		log.Error("redis gives no verdict: " + err.Error())
		if c.failClosed {
			c.unavailable()
			return
		}
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

// isNil tells whether the answer is that the key is there already.
func isNil(answer resp.Value) bool { return answer.Type() == resp.BulkString && answer.IsNull() }

func (c *Config) unavailable() types.Action {
	return refusal.Send(c.unavailableStatus, redisUnavailable, nil, nil)
}
