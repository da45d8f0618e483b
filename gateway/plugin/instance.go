package plugin

import (
	"errors"
	"fmt"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

const (
	// recoveryPause is the least time between two attempts to replace a failed VM.
	recoveryPause = time.Second
	// rebuildInterval is how often a VM is looked at.
	rebuildInterval = time.Second
)

// instance is a plugin on one worker. It belongs to the worker's loop.
type instance struct {
	plugin *Plugin
	worker *Worker

	current     *rootContext // what new streams use; nil if it could not be started
	previous    *rootContext // the generation before, while streams hold it
	lastAttempt time.Time    // of a recovery
	refused     bool         // the guest refused its configuration: no more attempts
	closed      bool
	cancelTimer func()
}

// begin starts the plugin on the worker.
func (in *instance) begin() {
	root, err := in.start()
	if err != nil {
		in.lastAttempt = in.now()
		in.log(abi.LogError, fmt.Sprintf("start on %s: %v", in.worker.loop.Name(), err))
	}
	in.current = root
	if in.plugin.spec.Module.Profile().PropertyEffects() {
		in.armTimer()
	}
}

// start makes a root context in the worker's VM for the module, which it creates if there is none to use.
func (in *instance) start() (*rootContext, error) {
	key := keyOf(&in.plugin.spec)
	m := in.worker.machines[key]
	if m == nil || !m.sound() || m.worn() {
		var err error
		m, err = newMachine(in.worker, &in.plugin.spec, func(level abi.LogLevel, text string) { in.log(level, text) })
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errCannotCreate, err)
		}
		in.worker.machines[key] = m
	}
	root, err := newRoot(in.plugin, m, nil)
	if errors.Is(err, errVMStart) || errors.Is(err, errConfigure) {
		in.refused = true
	}
	return root, err
}

// acquire returns the root context for a new stream, nil if there is none. It replaces a failed VM, at most once per
// recoveryPause.
func (in *instance) acquire() *rootContext {
	if in.closed {
		return nil
	}
	if in.current != nil && in.current.sound() {
		return in.current
	}
	if in.refused || !in.lastAttempt.IsZero() && in.now().Sub(in.lastAttempt) < recoveryPause {
		return nil
	}
	in.lastAttempt = in.now()
	root, err := in.start()
	if err != nil {
		in.worker.host.counters.recoverError.add(1)
		in.log(abi.LogError, fmt.Sprintf("recovery on %s: %v", in.worker.loop.Name(), err))
		return nil
	}
	in.worker.host.counters.recovered.add(1)
	in.log(abi.LogInfo, "recovered on "+in.worker.loop.Name())
	in.replace(root)
	return root
}

// replace puts a new generation in force.
func (in *instance) replace(root *rootContext) {
	old := in.current
	in.current = root
	if old != nil {
		in.previous = old
		old.retire()
	}
}

func (in *instance) armTimer() {
	in.cancelTimer = in.worker.host.options.After(in.worker.loop, rebuildInterval, func() {
		if in.closed {
			return
		}
		in.rebuildIfWorn()
		in.armTimer()
	})
}

// rebuildIfWorn replaces a sound VM that asked for it or grew too large. One old generation may be alive.
func (in *instance) rebuildIfWorn() {
	if in.current == nil || !in.current.sound() || !in.current.machine.worn() {
		return
	}
	if in.previous != nil && !in.previous.ended {
		return
	}
	root, err := in.start()
	if err != nil {
		in.refused = false // the generation in force goes on
		in.worker.host.counters.rebuildError.add(1)
		in.log(abi.LogError, fmt.Sprintf("rebuild on %s: %v", in.worker.loop.Name(), err))
		return
	}
	in.worker.host.counters.rebuilt.add(1)
	in.log(abi.LogInfo, "rebuilt on "+in.worker.loop.Name())
	in.replace(root)
}

func (in *instance) close() {
	if in.closed {
		return
	}
	in.closed = true
	if in.cancelTimer != nil {
		in.cancelTimer()
	}
	if in.current != nil {
		in.current.retire()
	}
}

func (in *instance) now() time.Time { return in.worker.host.options.Now() }

func (in *instance) log(level abi.LogLevel, text string) {
	in.worker.host.log(level, in.plugin.logPrefix, text)
}
