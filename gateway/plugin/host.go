package plugin

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/loop"
)

// defaultMemoryThreshold is the guest memory from which a VM is rebuilt.
const defaultMemoryThreshold = 800 << 20

// Options configure a Host. The zero value logs nothing and uses the system's clock.
type Options struct {
	// Log gets lines of guests and of the host about guests, at any level, from any goroutine. The host filters by its
	// level first.
	Log func(level abi.LogLevel, line string)
	// Now and After replace the clock in tests. After runs f on the loop and returns its cancel function, as
	// loop.Loop.After does.
	Now   func() time.Time
	After func(l *loop.Loop, d time.Duration, f func()) (cancel func())
	// MemoryThreshold is the guest memory in bytes from which a VM is rebuilt; 0 means 800 MiB.
	MemoryThreshold uint64
}

// Host is what all plugins of a process share. It is safe for concurrent use.
type Host struct {
	options  Options
	logLevel atomic.Uint32
	data     sharedData
	queues   queues
	metrics  metrics
	counters hostCounters

	mu      sync.Mutex
	workers []*Worker
	vmCount map[string]int // by vm id

	maxRequestsPerIOCycle atomic.Uint64
}

// NewHost returns a host without workers, whose log level is info.
func NewHost(options Options) *Host {
	if options.Log == nil {
		options.Log = func(abi.LogLevel, string) {}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.After == nil {
		options.After = func(l *loop.Loop, d time.Duration, f func()) func() { return l.After(d, f) }
	}
	if options.MemoryThreshold == 0 {
		options.MemoryThreshold = defaultMemoryThreshold
	}
	h := &Host{options: options, vmCount: map[string]int{}}
	h.SetLogLevel(abi.LogInfo)
	h.counters = newHostCounters(&h.metrics)
	return h
}

// AddWorker adds an event loop that plugins run on. The first one is the main thread, which runs ticks and call-outs
// but no streams. All workers must be added before the first Load. The caller keeps ownership of the loop and stops it
// after every plugin was closed.
func (h *Host) AddWorker(l *loop.Loop, callouts Callouts) *Worker {
	w := &Worker{host: h, loop: l, callouts: callouts, machines: map[machineKey]*machine{}}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.workers = append(h.workers, w)
	return w
}

// LogLevel returns the threshold of the wasm logger.
func (h *Host) LogLevel() abi.LogLevel { return abi.LogLevel(h.logLevel.Load()) }

// SetLogLevel changes the threshold at run time; guests see it through get_log_level.
func (h *Host) SetLogLevel(level abi.LogLevel) { h.logLevel.Store(uint32(level)) }

// MaxRequestsPerIOCycle returns what a plugin last set with set_global_max_requests_per_io_cycle; 0 when none did.
// The host only records it.
func (h *Host) MaxRequestsPerIOCycle() uint64 { return h.maxRequestsPerIOCycle.Load() }

func (h *Host) log(level abi.LogLevel, prefix, text string) {
	if level >= h.LogLevel() {
		h.options.Log(level, prefix+text)
	}
}

// vmCreated and vmClosed count the VMs of a vm id, whose shared data and queues go with the last one.
func (h *Host) vmCreated(vmID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.vmCount[vmID]++
	h.counters.created.add(1)
	h.counters.active.add(1)
}

func (h *Host) vmClosed(vmID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counters.active.add(-1)
	h.vmCount[vmID]--
	if h.vmCount[vmID] == 0 {
		delete(h.vmCount, vmID)
		h.data.drop(vmID)
		h.queues.drop(vmID)
	}
}

// Worker is one event loop with the VMs that live on it.
type Worker struct {
	host     *Host
	loop     *loop.Loop
	callouts Callouts
	machines map[machineKey]*machine // the newest sound VM of each key; only touched on the loop
}

// Loop returns the worker's event loop.
func (w *Worker) Loop() *loop.Loop { return w.loop }
