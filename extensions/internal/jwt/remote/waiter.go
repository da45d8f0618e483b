package remote

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// mostWaiting is how many requests of a VM may wait for one source.
const mostWaiting = 256

// waiter is a held stream.
type waiter struct {
	context uint32
	wake    func()
}

func newWaiter(wake func()) waiter { return waiter{activeContext(), wake} }

// wakeAll lets each waiter act on behalf of its own stream. Those whose stream has ended are passed over.
func wakeAll(waiting []waiter) {
	if len(waiting) == 0 {
		return
	}
	plugin := activeContext()
	for _, w := range waiting {
		if enter(w.context) == nil {
			w.run()
		}
	}
	if err := enter(plugin); err != nil {
		log.Error("the plugin's own context cannot be entered: " + err.Error())
	}
}

// run recovers from a panic, which must neither let the request hang nor keep the others from being woken.
func (w *waiter) run() {
	defer func() {
		if cause := recover(); cause == nil {
			return
		}
		log.Error("recovered from a panic while a held request was decided")
		if err := proxywasm.SendHttpResponseWithDetail(500, "internal_error", nil, nil, -1); err != nil {
			log.Error("refusing the request failed: " + err.Error())
		}
	}()
	w.wake()
}

// enter has host calls act on behalf of a context. It returns an error if the context has ended.
func enter(context uint32) error {
	if err := proxywasm.SetEffectiveContext(context); err != nil {
		return err
	}
	setActiveContext(context)
	return nil
}
