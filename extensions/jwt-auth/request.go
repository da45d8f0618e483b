package main

import (
	"errors"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func onRequestHeaders(ctx wrapper.HttpContext, config Config) (action types.Action) {
	defer refusePanic(&config, &action)
	headers, action, checked := config.Enter(ctx)
	if !checked {
		return action
	}
	if !config.Auth.applies(headers) {
		log.Info("authorization is not required")
		return types.HeaderContinue
	}
	return (&request{headers: headers}).answer(&config)
}

// answer decides about the request, or holds it until a source knows more. Each source is waited for once.
func (r *request) answer(config *Config) types.Action {
	decision, wait := r.decide(config, config.Auth.clock().Unix())
	for wait != nil {
		r.awaited = append(r.awaited, wait)
		if wait.Await(func() { r.resume(config) }) {
			return types.HeaderStopAllIterationAndWatermark
		}
		decision, wait = r.decide(config, config.Auth.clock().Unix())
	}
	if decision.refusal != nil {
		r.logFailures()
		return decision.refusal.Send()
	}
	if err := r.prepare(&decision); err != nil {
		return config.Fail("the request cannot be changed", err)
	}
	return config.Admit(r.headers, decision.consumer.name)
}

// resume decides about a request that was held.
func (r *request) resume(config *Config) {
	var action types.Action
	defer refusePanic(config, &action)
	if action = r.answer(config); action != types.HeaderContinue {
		return
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("the request cannot be resumed: " + err.Error())
	}
}

// refusePanic is deferred: a fault of the plugin lets nothing pass.
func refusePanic(config *Config, action *types.Action) {
	cause := recover()
	if cause == nil {
		return
	}
	err, ok := cause.(error)
	if !ok {
		err = errors.New("panic")
	}
	*action = config.Fail("recovered from a panic", err)
}
