package plugin

import (
	"errors"
	"fmt"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// rootContext is one configuration in one VM. It belongs to its worker's loop and implements abi.RootContext.
type rootContext struct {
	plugin  *Plugin
	machine *machine
	id      uint32
	capture func(level abi.LogLevel, text string) // gets the guest's lines, too; nil but in a canary

	streams     int  // streams that hold the context
	retired     bool // no new streams; ends with the last one
	donePending bool // the guest asked to wait for its proxy_done
	ended       bool

	tickPeriod time.Duration
	cancelTick func()
	calls      map[uint32]func() // outstanding call-outs by token, with how to cancel them
	declared   map[string]bool   // paths of declare_property, true if read-only
}

var _ abi.RootContext = (*rootContext)(nil)

var (
	errVMStart   = errors.New("VM start failed: proxy_on_vm_start returned false")
	errConfigure = errors.New("configure failed: proxy_on_configure returned false")
)

// newRoot makes a root context of the plugin in a VM, starts and configures it.
func newRoot(p *Plugin, m *machine, capture func(abi.LogLevel, string)) (*rootContext, error) {
	r := &rootContext{plugin: p, machine: m, capture: capture, calls: map[uint32]func(){}, declared: map[string]bool{}}
	m.roots[r] = struct{}{}
	if err := r.start(); err != nil {
		r.abandon()
		return nil, err
	}
	return r, nil
}

func (r *rootContext) start() error {
	id, err := r.machine.vm.OnContextCreate(r, 0)
	if err != nil {
		return err
	}
	r.id = id
	accepted, err := r.machine.vm.OnVMStart(id, r.plugin.spec.VMConfig)
	switch {
	case err != nil:
		return err
	case !accepted:
		return errVMStart
	}
	accepted, err = r.machine.vm.OnConfigure(id, r.plugin.spec.Configuration)
	switch {
	case err != nil:
		return err
	case !accepted:
		return errConfigure
	}
	return nil
}

func (r *rootContext) worker() *Worker { return r.machine.worker }
func (r *rootContext) host() *Host     { return r.machine.worker.host }

// sound reports whether the guest may be entered for this context.
func (r *rootContext) sound() bool { return !r.ended && r.machine.sound() }

// stop ends the context's timers and call-outs.
func (r *rootContext) stop() {
	r.tickPeriod = 0
	if r.cancelTick != nil {
		r.cancelTick()
		r.cancelTick = nil
	}
	for token, cancel := range r.calls {
		cancel()
		delete(r.calls, token)
	}
}

// abandon drops the context without telling the guest.
func (r *rootContext) abandon() {
	if r.ended {
		return
	}
	r.ended = true
	r.stop()
	r.machine.release(r)
}

// retire lets the context end with its last stream.
func (r *rootContext) retire() {
	if r.retired {
		return
	}
	r.retired = true
	r.endIfIdle()
}

func (r *rootContext) hold() { r.streams++ }

func (r *rootContext) unhold() {
	r.streams--
	r.endIfIdle()
}

func (r *rootContext) endIfIdle() {
	if !r.retired || r.streams > 0 || r.ended || r.donePending {
		return
	}
	if !r.machine.sound() {
		r.abandon()
		return
	}
	done, err := r.machine.vm.OnDone(r.id)
	if err == nil && !done && !r.ended {
		r.donePending = true
		return
	}
	r.end()
}

// end deletes the context.
func (r *rootContext) end() {
	if r.ended {
		return
	}
	if r.machine.sound() {
		_ = r.machine.vm.OnDelete(r.id) // a trap was logged when the VM failed
	}
	r.abandon()
}

// Done implements abi.RootContext: the guest finished what it asked to wait for.
func (r *rootContext) Done() abi.Status {
	if !r.donePending {
		return abi.NotFound
	}
	r.donePending = false
	r.worker().loop.Post(r.end)
	return abi.OK
}

// Root implements abi.Context.
func (r *rootContext) Root() abi.RootContext { return r }

// Log implements abi.Context.
func (r *rootContext) Log(level abi.LogLevel, message string) {
	if r.capture != nil {
		r.capture(level, message)
	}
	r.host().log(level, r.plugin.logPrefix, message)
}

// SetTickPeriod implements abi.RootContext.
func (r *rootContext) SetTickPeriod(period time.Duration) abi.Status {
	if r.cancelTick != nil {
		r.cancelTick()
		r.cancelTick = nil
	}
	r.tickPeriod = period
	if period > 0 {
		r.armTick()
	}
	return abi.OK
}

func (r *rootContext) armTick() {
	r.cancelTick = r.host().options.After(r.worker().loop, r.tickPeriod, func() {
		r.cancelTick = nil
		if !r.sound() {
			return
		}
		if r.machine.vm.OnTick(r.id) != nil {
			return
		}
		if r.cancelTick == nil && r.tickPeriod > 0 && !r.ended {
			r.armTick()
		}
	})
}

// RegisterQueue implements abi.RootContext.
func (r *rootContext) RegisterQueue(name string) uint32 {
	return r.host().queues.register(r.machine.vmID, name, r)
}

// queueReady runs on the worker's loop, maybe after the context ended.
func (r *rootContext) queueReady(token uint32) {
	if r.sound() {
		_ = r.machine.vm.OnQueueReady(r.id, token) // a trap was logged when the VM failed
	}
}

// HeaderMap implements abi.Context: a root context has no maps of a stream.
func (r *rootContext) HeaderMap(_ abi.MapType, access abi.Access) (*header.Map, abi.Status) {
	if access == abi.ReadPairs {
		return nil, abi.OK
	}
	return nil, abi.BadArgument
}

// Buffer implements abi.Context.
func (r *rootContext) Buffer(abi.BufferType) (abi.Buffer, bool, abi.Status) {
	return nil, false, abi.NotFound
}

// Property implements abi.Context.
func (r *rootContext) Property(path string) ([]byte, abi.Status) {
	if !r.plugin.spec.Module.Profile().HasProperty(path) {
		return nil, abi.NotFound
	}
	return r.pluginProperty(path)
}

// SetProperty implements abi.Context: there is no stream whose state it could be.
func (r *rootContext) SetProperty(string, []byte) abi.Status { return abi.NotFound }

// ForeignFunction implements abi.Context.
func (r *rootContext) ForeignFunction(name string, argument []byte) ([]byte, abi.Status) {
	return r.foreign(nil, name, argument)
}

// The actions on a stream do nothing on a root context.

// ReleaseRequest implements abi.Context.
func (r *rootContext) ReleaseRequest() {}

// ContinueStream implements abi.Context.
func (r *rootContext) ContinueStream(abi.StreamType) {}

// CloseStream implements abi.Context.
func (r *rootContext) CloseStream(abi.StreamType) {}

// SendLocalResponse implements abi.Context.
func (r *rootContext) SendLocalResponse(abi.LocalResponse) {}

// InjectEncodedData implements abi.Context.
func (r *rootContext) InjectEncodedData([]byte, bool) {}

// UpstreamHosts implements abi.Context.
func (r *rootContext) UpstreamHosts() [][2]string { return nil }

// SetUpstreamOverrideHost implements abi.Context.
func (r *rootContext) SetUpstreamOverrideHost(string) {}

// ClearRouteCache implements abi.Context.
func (r *rootContext) ClearRouteCache() {}

// String names the context in errors.
func (r *rootContext) String() string {
	return fmt.Sprintf("%s on %s", r.plugin.spec.Name, r.worker().loop.Name())
}
