package main

import (
	"regexp"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details.
const (
	blocked       = "bot-detect.blocked"
	internalError = "bot-detect.internal_error"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	headers := wrapper.RequestHeaders(ctx)
	if headers == nil {
		log.Error("request headers cannot be read")
		return refusal.Send(500, internalError, nil, nil)
	}
	agent := userAgent(headers)
	rule := config.judge(agent)
	if rule == "" {
		return types.HeaderContinue
	}
	if wrapper.LogEnabled(wrapper.LogLevelDebug) {
		log.Debug("scheme: " + ctx.Scheme() + ", host: " + ctx.Host() + ", method: " + ctx.Method() + ", path: " + ctx.Path() +
			", user-agent: " + agent + ", blocked by: " + rule)
	}
	return refusal.Send(config.status, blocked, nil, config.message)
}

// userAgent joins all user-agent headers that are not empty: a bot's must not hide behind another. It is "" without any.
func userAgent(headers [][2]string) string {
	agent, found := "", false
	for i := range headers {
		switch {
		case headers[i][0] != "user-agent" || headers[i][1] == "":
		case !found:
			agent, found = headers[i][1], true
		default:
			agent += "," + headers[i][1]
		}
	}
	return agent
}

// judge returns what blocks an agent, "" for nothing.
func (c *Config) judge(agent string) string {
	if agent == "" {
		return "can not be empty"
	}
	if matched(c.allow, agent) != nil {
		return ""
	}
	if expression := matched(c.deny, agent); expression != nil {
		return "deny: " + expression.String()
	}
	return builtIn(agent)
}

func matched(list []*regexp.Regexp, agent string) *regexp.Regexp {
	for _, expression := range list {
		if expression.MatchString(agent) {
			return expression
		}
	}
	return nil
}
