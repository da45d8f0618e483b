package upstream

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"sort"
	"sync"
	"time"
)

// Options are common to all clusters. The zero value is usable.
type Options struct {
	ConnectTimeout time.Duration // 0 means 5 s
	// ResolveEvery is how often DNS endpoints are looked up again; 0 means 5 s.
	ResolveEvery time.Duration
	// InsecureTLS accepts any certificate of TLS endpoints.
	InsecureTLS bool
	RootCAs     *x509.CertPool // nil means the system's
	// Lookup resolves a host name; nil means the system's resolver.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
}

func (o Options) connectTimeout() time.Duration {
	if o.ConnectTimeout == 0 {
		return 5 * time.Second
	}
	return o.ConnectTimeout
}

func (o Options) lookup() func(context.Context, string) ([]netip.Addr, error) {
	if o.Lookup != nil {
		return o.Lookup
	}
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
}

// Manager owns the clusters. It is safe for concurrent use.
type Manager struct {
	opts Options
	stop context.CancelFunc
	ctx  context.Context

	mu       sync.RWMutex
	clusters map[string]*Cluster
	retired  []*Cluster // replaced or gone, until their exchanges are over
	workers  []*Worker
}

// NewManager returns a manager without clusters. Close it to end its goroutine and connections.
func NewManager(opts Options) *Manager {
	m := &Manager{opts: opts, clusters: map[string]*Cluster{}}
	m.ctx, m.stop = context.WithCancel(context.Background())
	go m.refresh()
	return m
}

// Update replaces the set of clusters. Those whose configuration did not change keep their connections; exchanges on the
// others go on to their end. It returns once new DNS endpoints were looked up, or after 2 s.
func (m *Manager) Update(configs []Config) {
	m.mu.RLock()
	old := m.clusters
	m.mu.RUnlock()
	next := make(map[string]*Cluster, len(configs))
	var waiting sync.WaitGroup
	ctx, cancel := context.WithTimeout(m.ctx, 2*time.Second)
	defer cancel()
	for _, config := range configs {
		if c := old[config.Name]; c != nil && c.config.equal(config) {
			next[config.Name] = c
			continue
		}
		c := newCluster(config, m.opts)
		next[config.Name] = c
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			c.resolve(ctx, m.opts.lookup())
		}()
	}
	waiting.Wait()
	var replaced []*Cluster
	for name, c := range old {
		if next[name] != c {
			replaced = append(replaced, c)
		}
	}
	m.mu.Lock()
	m.clusters = next
	m.retired = append(m.retired, replaced...)
	workers := m.workers
	m.mu.Unlock()
	for _, c := range replaced {
		c.pool.CloseIdle()
		for _, w := range workers {
			w.forget(c.Name())
		}
	}
}

// closeRetired closes the retired clusters whose exchanges are over.
func (m *Manager) closeRetired() {
	m.mu.Lock()
	var over []*Cluster
	m.retired = slices.DeleteFunc(m.retired, func(c *Cluster) bool {
		if c.Active.Load() > 0 {
			c.idle = false
			return false
		}
		if !c.idle { // whoever looked the cluster up just before it was replaced may still begin
			c.idle = true
			return false
		}
		over = append(over, c)
		return true
	})
	m.mu.Unlock()
	for _, c := range over {
		c.close()
	}
}

// Cluster returns the cluster of that name, or nil.
func (m *Manager) Cluster(name string) *Cluster {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.clusters[name]
}

// Clusters returns all clusters sorted by name.
func (m *Manager) Clusters() []*Cluster {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := make([]*Cluster, 0, len(m.clusters))
	for _, c := range m.clusters {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out
}

// Close ends all connections.
func (m *Manager) Close() {
	m.stop()
	m.mu.Lock()
	clusters, retired, workers := m.clusters, m.retired, m.workers
	m.clusters, m.retired, m.workers = map[string]*Cluster{}, nil, nil
	m.mu.Unlock()
	for _, c := range retired {
		c.close()
	}
	for name, c := range clusters {
		c.close()
		for _, w := range workers {
			w.forget(name)
		}
	}
}

func (m *Manager) refresh() {
	every := m.opts.ResolveEvery
	if every == 0 {
		every = 5 * time.Second
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-ticker.C:
		}
		m.closeRetired()
		for _, c := range m.Clusters() {
			if c.hasNames() {
				ctx, cancel := context.WithTimeout(m.ctx, every)
				c.resolve(ctx, m.opts.lookup())
				cancel()
			}
		}
	}
}
