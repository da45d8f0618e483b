package main

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// grant is what a request that passed leaves to its response.
type grant struct {
	limit       *limit // nil without a decision
	decision    ratelimit.Decision
	wouldRefuse bool // and was let through in a dry run only
}

// grantKey is where it waits.
const grantKey = "grant"

// dryRunHeader marks responses to requests that dry_run alone has let through.
const dryRunHeader = "X-RateLimit-Dry-Run"

func onResponseHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if !config.headers.Any() && !config.dryRun {
		return types.HeaderContinue
	}
	g, ok := ctx.GetContext(grantKey).(grant)
	if !ok {
		return types.HeaderContinue
	}
	if g.limit != nil {
		config.headers.SetOnResponse(&g.limit.Limit, &g.decision)
	}
	if !g.wouldRefuse {
		return types.HeaderContinue
	}
	if err := proxywasm.ReplaceHttpResponseHeader(dryRunHeader, "rejected"); err != nil {
		log.Error(dryRunHeader + " cannot be set: " + err.Error())
	}
	return types.HeaderContinue
}
