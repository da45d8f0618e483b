// Package upstream is what the gateway calls: clusters with their endpoints, HTTP requests and call-outs over pooled
// connections, and pipelined Redis clients. It knows nothing of plugins, manifests or filters.
package upstream

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
)

// Config describes a cluster.
type Config struct {
	Name      string
	HTTP2     bool // h2c, or h2 over TLS
	TLS       bool
	SNI       string   // server name for TLS; empty means the endpoint's host
	Endpoints []string // host:port, IP addresses or DNS names
}

func (c Config) equal(o Config) bool {
	return c.Name == o.Name && c.HTTP2 == o.HTTP2 && c.TLS == o.TLS && c.SNI == o.SNI && slices.Equal(c.Endpoints, o.Endpoints)
}

// Cluster is a group of equivalent endpoints with a connection pool. It is safe for concurrent use.
type Cluster struct {
	config Config
	pool   *codec.Pool
	dialer func(ctx context.Context, address string) (net.Conn, error)

	idle      bool // retired and found without exchanges once; under Manager.mu
	next      atomic.Uint64
	mu        sync.Mutex
	addresses []netip.AddrPort
	resolved  error

	// Requests, Failures and Active count HTTP exchanges for /clusters and /stats.
	Requests, Failures atomic.Uint64
	Active             atomic.Int64
}

// Name returns the cluster's name.
func (c *Cluster) Name() string { return c.config.Name }

// Config returns what the cluster was made of.
func (c *Cluster) Config() Config { return c.config }

// Addresses returns the endpoints as resolved last.
func (c *Cluster) Addresses() []netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addresses
}

// ResolveError returns why the last resolution of a DNS endpoint failed, nil if none did.
func (c *Cluster) ResolveError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resolved
}

// Pick chooses an endpoint round robin. A valid override that is one of the endpoints is taken instead; another is
// ignored. ok is false when there is no endpoint.
func (c *Cluster) Pick(override string) (address netip.AddrPort, ok bool) {
	addresses := c.Addresses()
	if len(addresses) == 0 {
		return netip.AddrPort{}, false
	}
	if override != "" {
		if want, err := netip.ParseAddrPort(override); err == nil && slices.Contains(addresses, want) {
			return want, true
		}
	}
	return addresses[int((c.next.Add(1)-1)%uint64(len(addresses)))], true
}

// Request starts an HTTP exchange with an endpoint. It never blocks; see codec.Pool.
func (c *Cluster) Request(address netip.AddrPort, r codec.Receiver) codec.Sender {
	c.Requests.Add(1)
	return c.pool.Request(address.String(), r)
}

// scheme is the cluster's transport as a URL scheme.
func (c *Cluster) scheme() string {
	if c.config.TLS {
		return "https"
	}
	return "http"
}

// resolve looks the endpoints up. What cannot be looked up now keeps its former addresses out of the set.
func (c *Cluster) resolve(ctx context.Context, lookup func(context.Context, string) ([]netip.Addr, error)) {
	var addresses []netip.AddrPort
	var failure error
	for _, endpoint := range c.config.Endpoints {
		if address, err := netip.ParseAddrPort(endpoint); err == nil {
			addresses = append(addresses, address)
			continue
		}
		host, port, err := net.SplitHostPort(endpoint)
		if err != nil {
			failure = fmt.Errorf("endpoint %q: %w", endpoint, err)
			continue
		}
		number, err := net.LookupPort("tcp", port)
		if err != nil {
			failure = fmt.Errorf("endpoint %q: %w", endpoint, err)
			continue
		}
		found, err := lookup(ctx, host)
		if err != nil {
			failure = fmt.Errorf("endpoint %q: %w", endpoint, err)
			continue
		}
		for _, ip := range preferIPv4(found) {
			addresses = append(addresses, netip.AddrPortFrom(ip.Unmap(), uint16(number)))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addresses, c.resolved = addresses, failure
}

// preferIPv4 drops IPv6 addresses of a name that has IPv4 ones, as Higress' clusters do (dns_lookup_family V4_PREFERRED).
func preferIPv4(found []netip.Addr) []netip.Addr {
	var four []netip.Addr
	for _, ip := range found {
		if ip.Unmap().Is4() {
			four = append(four, ip)
		}
	}
	if len(four) > 0 {
		return four
	}
	return found
}

// hasNames reports whether an endpoint must be looked up.
func (c *Cluster) hasNames() bool {
	for _, endpoint := range c.config.Endpoints {
		if _, err := netip.ParseAddrPort(endpoint); err != nil {
			return true
		}
	}
	return false
}

func newCluster(config Config, opts Options) *Cluster {
	c := &Cluster{config: config}
	plain := &net.Dialer{Timeout: opts.connectTimeout()}
	c.dialer = func(ctx context.Context, address string) (net.Conn, error) {
		return plain.DialContext(ctx, "tcp", address)
	}
	pool := codec.PoolConfig{Dial: c.dialer, ConnectTimeout: opts.connectTimeout(), HTTP2: config.HTTP2, IdleTimeout: time.Minute}
	if config.TLS {
		pool.TLS = c.tlsConfig(opts)
	}
	c.pool = codec.NewPool(pool)
	return c
}

func (c *Cluster) tlsConfig(opts Options) *tls.Config {
	conf := &tls.Config{ServerName: c.config.SNI, InsecureSkipVerify: opts.InsecureTLS, RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12}
	if c.config.SNI == "" && len(c.config.Endpoints) > 0 {
		conf.ServerName, _, _ = net.SplitHostPort(c.config.Endpoints[0])
	}
	return conf
}

// dial opens a raw connection, for protocols other than HTTP.
func (c *Cluster) dial(ctx context.Context, address netip.AddrPort, opts Options) (net.Conn, error) {
	conn, err := c.dialer(ctx, address.String())
	if err != nil || !c.config.TLS {
		return conn, err
	}
	secure := tls.Client(conn, c.tlsConfig(opts))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

func (c *Cluster) close() { c.pool.Close() }
