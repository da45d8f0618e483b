package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// Spec is one configuration of a module.
type Spec struct {
	Name          string // "<namespace>.<name>", as in logs and response code details
	RootID        string // the resource's pluginName
	VMID          string // empty for every WasmPlugin
	VMConfig      []byte
	Env           map[string]string // taken by whichever plugin starts the VM
	Configuration []byte            // nil or empty: none
	Module        *abi.Module       // stays open as long as the plugin; its profile is the plugin's
	FailOpen      bool
	// KeepStopIteration is Envoy's allow_on_headers_stop_iteration.
	KeepStopIteration bool
}

// LoadError says why a configuration was rejected.
type LoadError struct {
	Plugin string
	Err    error
	// Lines are what the guest logged while it was started and configured, any level, as "<level>: <text>".
	Lines []string
}

// Error implements error. The guest's lines follow the reason.
func (e *LoadError) Error() string {
	text := fmt.Sprintf("plugin %s: %v", e.Plugin, e.Err)
	if len(e.Lines) > 0 {
		text += "\n  " + strings.Join(e.Lines, "\n  ")
	}
	return text
}

// Unwrap returns the reason.
func (e *LoadError) Unwrap() error { return e.Err }

// Plugin is a configuration in force on all workers. Load makes it.
type Plugin struct {
	host      *Host
	spec      Spec
	logPrefix string
	instances map[*Worker]*instance
	main      *instance
}

// Load tries the configuration in a throw-away VM on the main thread; if the guest accepts it, the plugin is started on
// the main thread and every worker. A rejected configuration gives a *LoadError and changes nothing but the shared data
// that the guest may have written. Load must not be called on a worker's loop. It returns early with the context's
// error, in which case the plugin is closed once it has started.
func (h *Host) Load(ctx context.Context, spec Spec) (*Plugin, error) {
	h.mu.Lock()
	workers := h.workers
	h.mu.Unlock()
	if len(workers) == 0 {
		return nil, errors.New("the host has no workers")
	}
	p := &Plugin{host: h, spec: spec, logPrefix: logPrefix(&spec), instances: map[*Worker]*instance{}}
	for _, w := range workers {
		p.instances[w] = &instance{plugin: p, worker: w}
	}
	p.main = p.instances[workers[0]]

	result := make(chan error, 1)
	go func() { result <- p.load(workers) }()
	select {
	case err := <-result:
		if err != nil {
			return nil, err
		}
		return p, nil
	case <-ctx.Done():
		go func() {
			if <-result == nil {
				p.Close()
			}
		}()
		return nil, fmt.Errorf("plugin %s: %w", spec.Name, ctx.Err())
	}
}

func (p *Plugin) load(workers []*Worker) error {
	err := errStopped
	workers[0].loop.Do(func() { err = p.tryConfiguration(workers[0]) })
	if err != nil {
		p.host.counters.rejected.add(1)
		return err
	}
	var wait sync.WaitGroup
	stopped := make([]bool, len(workers))
	for i, w := range workers {
		wait.Go(func() { stopped[i] = !w.loop.Do(p.instances[w].begin) })
	}
	wait.Wait()
	for _, s := range stopped {
		if s {
			p.Close()
			return errStopped
		}
	}
	return nil
}

var errStopped = errors.New("the worker's event loop was stopped")

// tryConfiguration starts a canary on the main thread's loop and drops it.
func (p *Plugin) tryConfiguration(main *Worker) error {
	var lines []string
	capture := func(level abi.LogLevel, text string) { lines = append(lines, level.String()+": "+text) }
	m, err := newMachine(main, &p.spec, func(level abi.LogLevel, text string) {
		capture(level, text)
		p.host.log(level, p.logPrefix, text)
	})
	if err != nil {
		return &LoadError{p.spec.Name, fmt.Errorf("%w: %w", errCannotCreate, err), lines}
	}
	r, err := newRoot(p, m, capture)
	if err != nil {
		return &LoadError{p.spec.Name, err, lines}
	}
	r.abandon()
	return nil
}

// Spec returns what the plugin was loaded with.
func (p *Plugin) Spec() Spec { return p.spec }

// Factory returns the filter factory of the plugin for streams of the worker. It must be used on the worker's loop, and
// not after Close.
func (p *Plugin) Factory(w *Worker) stream.FilterFactory {
	in := p.instances[w]
	return func(callbacks stream.Callbacks) stream.Filter {
		root := in.acquire()
		if root != nil {
			return newFilter(root, callbacks)
		}
		if p.spec.FailOpen {
			return nil
		}
		return &refusal{host: p.host, callbacks: callbacks}
	}
}

// Stats are figures of a plugin's VM on one worker.
type Stats struct {
	HostCalls   uint64 // host functions called since the VM was made
	MemoryBytes uint64 // the guest's linear memory
}

// Stats returns the figures of the VM that new streams on the worker use; zero when there is none. It must be called on
// the worker's loop.
func (p *Plugin) Stats(w *Worker) Stats {
	root := p.instances[w].current
	if root == nil || !root.sound() {
		return Stats{}
	}
	vm := root.machine.vm
	return Stats{HostCalls: vm.HostCalls(), MemoryBytes: vm.MemorySize()}
}

// Close takes the plugin out of force: on every worker its root context ends with the last stream that holds it. It
// returns at once and may be called from anywhere. Streams must be given the factories of a successor before.
func (p *Plugin) Close() {
	for _, in := range p.instances {
		in.worker.loop.Post(in.close)
	}
}

func logPrefix(s *Spec) string {
	prefix := "wasm log"
	for _, part := range []string{s.Name, s.RootID, s.VMID} {
		if part != "" {
			prefix += " " + part
		}
	}
	return prefix + ": "
}
