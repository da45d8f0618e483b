package plugin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// machineKey identifies a VM on a worker: plugins with one key share it.
type machineKey [sha256.Size]byte

// keyOf hashes vm id, VM configuration and module. The environment is no part of it.
func keyOf(s *Spec) machineKey {
	digest := s.Module.Digest()
	text := fmt.Appendf(nil, "%s||%s||%s", s.VMID, s.VMConfig, digest[:])
	return sha256.Sum256(text)
}

// machine is a VM with the root contexts that live in it. It belongs to its worker's loop.
type machine struct {
	worker *Worker
	key    machineKey
	vmID   string
	vm     *abi.VM
	roots  map[*rootContext]struct{}

	needsRebuild        bool // the guest asked for it
	metrics             map[uint32]*metric
	lastMetric          [3]uint32
	lastHTTP, lastRedis uint32
}

// newMachine starts a VM. lines get what the guest logs meanwhile.
func newMachine(w *Worker, s *Spec, lines func(abi.LogLevel, string)) (*machine, error) {
	m := &machine{worker: w, key: keyOf(s), vmID: s.VMID, roots: map[*rootContext]struct{}{},
		metrics: map[uint32]*metric{}}
	vm, err := s.Module.NewVM(abi.VMOptions{
		Env: s.Env, Services: services{m}, Log: lines, OnFailure: m.failed, KeepStopIteration: s.KeepStopIteration,
	})
	if err != nil {
		return nil, err
	}
	m.vm = vm
	w.host.vmCreated(m.vmID)
	return m, nil
}

// sound reports whether new contexts may be made in the VM.
func (m *machine) sound() bool { return m.vm.Err() == nil }

// worn reports whether the VM should be replaced.
func (m *machine) worn() bool {
	return m.needsRebuild || m.vm.MemorySize() >= m.worker.host.options.MemoryThreshold
}

// release drops a root context and, with the last one, the VM.
func (m *machine) release(r *rootContext) {
	delete(m.roots, r)
	if len(m.roots) > 0 {
		return
	}
	if m.worker.machines[m.key] == m {
		delete(m.worker.machines, m.key)
	}
	if err := m.vm.Close(); err != nil {
		m.worker.host.log(abi.LogError, "wasm: ", fmt.Sprintf("close VM: %v", err))
	}
	m.worker.host.vmClosed(m.vmID)
}

// failed runs once when the guest trapped: ticks stop, outstanding call-outs are dropped.
func (m *machine) failed(trap error) {
	if m.vm == nil {
		return // while starting: newMachine returns the error
	}
	host := m.worker.host
	host.counters.failed.add(1)
	for r := range m.roots {
		r.stop()
		if r.donePending { // its proxy_done will never come
			r.donePending = false
			m.worker.loop.Post(r.abandon)
		}
		host.log(abi.LogError, r.plugin.logPrefix, fmt.Sprintf("the VM failed on %s: %v", m.worker.loop.Name(), trap))
	}
}

var errCannotCreate = errors.New("cannot create VM")

// services gives a VM its share of the process.
type services struct{ m *machine }

func (s services) host() *Host { return s.m.worker.host }

// Now implements abi.Services.
func (s services) Now() time.Time { return s.host().options.Now() }

// LogLevel implements abi.Services.
func (s services) LogLevel() abi.LogLevel { return s.host().LogLevel() }

// SharedData implements abi.Services.
func (s services) SharedData(key string) ([]byte, uint32, abi.Status) {
	return s.host().data.get(s.m.vmID, key)
}

// SetSharedData implements abi.Services.
func (s services) SetSharedData(key string, value []byte, cas uint32) abi.Status {
	return s.host().data.set(s.m.vmID, key, value, cas)
}

// ResolveQueue implements abi.Services.
func (s services) ResolveQueue(vmID, name string) (uint32, abi.Status) {
	if vmID == "" {
		vmID = s.m.vmID
	}
	return s.host().queues.resolve(vmID, name)
}

// Dequeue implements abi.Services.
func (s services) Dequeue(token uint32) ([]byte, abi.Status) { return s.host().queues.dequeue(token) }

// Enqueue implements abi.Services.
func (s services) Enqueue(token uint32, value []byte) abi.Status {
	return s.host().queues.enqueue(token, value)
}

// metricIDShift leaves the low two bits of a metric's id to its type.
const metricIDShift = 2

// DefineMetric implements abi.Services.
func (s services) DefineMetric(t abi.MetricType, name string) (uint32, abi.Status) {
	s.m.lastMetric[t]++
	id := s.m.lastMetric[t]<<metricIDShift | uint32(t)
	s.m.metrics[id] = s.host().metrics.define(t, guestMetricPrefix+name)
	return id, abi.OK
}

// IncrementMetric implements abi.Services.
func (s services) IncrementMetric(id uint32, offset int64) abi.Status {
	m := s.m.metrics[id]
	if m == nil {
		return abi.NotFound
	}
	if m.kind == abi.Histogram || m.kind == abi.Counter && offset <= 0 {
		return abi.BadArgument
	}
	m.add(offset)
	return abi.OK
}

// RecordMetric implements abi.Services.
func (s services) RecordMetric(id uint32, value uint64) abi.Status {
	m := s.m.metrics[id]
	if m == nil {
		return abi.NotFound
	}
	m.record(value)
	return abi.OK
}

// Metric implements abi.Services.
func (s services) Metric(id uint32) (uint64, abi.Status) {
	m := s.m.metrics[id]
	if m == nil {
		return 0, abi.NotFound
	}
	if m.kind == abi.Histogram {
		return 0, abi.BadArgument
	}
	return uint64(m.read()), abi.OK
}
