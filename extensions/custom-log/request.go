package main

import (
	"math/rand/v2"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// question has what breaks a log whose values are not escaped.
const question = "How would you log this?\nA \"quoted\" word, a back\\slash,\ta tab and a `back-tick`.\n" +
	"Umlaute: ä ö ü. 中文也可以。 Symbols: € <b> & '.\nThe end."

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	way := config.way
	if way == "" {
		way = anyWay(rand.IntN(100))
	}
	var err error
	switch way {
	case wayCustomLog:
		ask(ctx)
		err = ctx.WriteUserAttributeToLog()
	case wayAILog:
		ctx.SetUserAttribute("k2", 2213.22)
		if err = ctx.WriteUserAttributeToLogWithKey(wrapper.AILogKey); err == nil {
			ctx.SetUserAttribute("k2", 212939.22)
			ctx.SetUserAttribute("k3", 123)
			err = ctx.WriteUserAttributeToLogWithKey(wrapper.AILogKey)
		}
	case waySpan:
		ask(ctx)
		err = ctx.WriteUserAttributeToTrace()
	}
	if err != nil {
		log.Error("write user attributes failed: " + err.Error())
	}
	return types.ActionContinue
}

func ask(ctx wrapper.HttpContext) {
	ctx.SetUserAttribute("question", question)
	ctx.SetUserAttribute("k2", 2213.22)
}

// anyWay takes a number below 100.
func anyWay(percent int) string {
	switch {
	case percent < 30:
		return wayCustomLog
	case percent < 51:
		return wayAILog
	}
	return waySpan
}
