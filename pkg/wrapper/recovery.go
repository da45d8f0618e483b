package wrapper

import (
	"os"
	"runtime/debug"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// logPanic writes the panic and its stack on one line. It panics again where recovery is switched off.
func logPanic(cause any) {
	if os.Getenv("WASM_DISABLE_PANIC_RECOVERY") == "true" {
		panic(cause)
	}
	log.Error("recovered from panic " + panicText(cause) + ", stack: " + onOneLine(debug.Stack()))
}

func onOneLine(text []byte) string {
	line := make([]byte, 0, len(text)+64)
	for _, c := range text {
		if c == '\n' {
			line = append(line, '\\', 'n')
			continue
		}
		line = append(line, c)
	}
	return string(line)
}

// panicText is what a panic says. It knows the types that panics have in practice; package fmt, which knows all, is a
// tenth of a small plugin.
func panicText(cause any) string {
	switch c := cause.(type) {
	case error:
		return c.Error()
	case interface{ String() string }:
		return c.String()
	case string:
		return c
	case int:
		return strconv.Itoa(c)
	}
	return "with a value that is neither an error nor text"
}

func recoverPluginStart(status *types.OnPluginStartStatus) {
	if cause := recover(); cause != nil {
		logPanic(cause)
		*status = types.OnPluginStartStatusFailed
	}
}

// recoverLogged is deferred where nothing can be done but to go on: ticks, stream done.
func recoverLogged() {
	if cause := recover(); cause != nil {
		logPanic(cause)
	}
}

// recoverPhase is deferred by each phase callback. stopped is the action that holds everything in that phase.
func (s *stream) recoverPhase(action *types.Action, stopped types.Action) {
	cause := recover()
	if cause == nil {
		return
	}
	logPanic(cause)
	*action = types.ActionContinue
	if s.plugin.failClosed {
		s.refuse("internal_error")
		*action = stopped
	}
}

// recoverCallout is deferred by each call-out callback. The stream must not stay paused for a callback that failed.
func recoverCallout(p *plugin, s *stream) {
	cause := recover()
	if cause == nil {
		return
	}
	logPanic(cause)
	if s == nil || s.phase == iface.Done {
		return
	}
	if p.failClosed {
		s.refuse("internal_error")
		return
	}
	if !s.paused {
		return
	}
	s.paused = false
	var err error
	if s.phase == iface.DecodeHeader || s.phase == iface.DecodeData {
		err = proxywasm.ResumeHttpRequest()
	} else {
		err = proxywasm.ResumeHttpResponse()
	}
	if err != nil {
		log.Error("resume after a panic failed: " + err.Error())
	}
}

// refuse answers the stream with an empty 500 and ends the plugin's part in it. When the response headers are out, the
// host resets the stream instead.
func (s *stream) refuse(reason string) {
	s.refused = true
	err := proxywasm.SendHttpResponseWithDetail(500, s.plugin.name+"."+reason, nil, nil, -1)
	if err != nil {
		log.Error("refusing the request failed: " + err.Error())
	}
}
