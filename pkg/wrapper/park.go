package wrapper

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/internal/hostcall"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Parked is a stream that its handler has held until something that is not its own comes: the answer to another stream's
// call-out, or to a detached one.
type Parked struct {
	plugin  *plugin
	stream  *stream
	context uint32
}

// Park notes the stream whose handler runs. The handler then stops the stream as for a call-out of its own, with an action
// that also holds a stream without a body (types.HeaderStopAllIterationAndWatermark, types.DataStopIterationAndBuffer). It
// must be called in a stream's handler or callback.
func Park() Parked {
	if running.stream != nil {
		running.stream.callouts++ // a pause that follows waits for an answer
	}
	return Parked{running.plugin, running.stream, hostcall.ActiveContext()}
}

// Wake runs f on behalf of the parked stream, as the callback of a call-out of that stream would run: f may read its
// properties and headers, edit, resume or answer it. What f panics with is handled as in a callback. Wake returns false,
// and does not run f, if the stream has ended meanwhile. What runs after Wake runs for whom it ran before.
func (p Parked) Wake(f func()) bool {
	if p.stream != nil && p.stream.phase == iface.Done || proxywasm.SetEffectiveContext(p.context) != nil {
		return false
	}
	before, beforeStream, active := running.plugin, running.stream, hostcall.ActiveContext()
	hostcall.SetActiveContext(p.context)
	(&callout{plugin: p.plugin, stream: p.stream}).answered(f)
	hostcall.SetActiveContext(active)
	enter(before, beforeStream)
	if err := proxywasm.SetEffectiveContext(active); err != nil {
		log.Error("the context that woke another cannot be entered again: " + err.Error())
	}
	return true
}
