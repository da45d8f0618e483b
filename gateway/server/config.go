// Package server is the local gateway: listeners, workers, routing, plugins from manifests, call-outs, access log,
// admin endpoints, and the reloading of all that while requests are served.
package server

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/certificate"
	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// Config says what a gateway does. The zero value listens on 127.0.0.1:10000 and forwards everything to the embedded
// echo upstream.
type Config struct {
	Listen string // address of the listener; empty means 127.0.0.1:10000
	Admin  string // address of the admin endpoints; empty means 127.0.0.1:15000, "off" none
	// Certificate makes the listener take TLS as well as plain connections, told apart by their first byte; nil means
	// plain ones only.
	Certificate   *certificate.Pair
	ProxyProtocol ProxyProtocol

	// Manifests are files and folders, reloaded when they change. Without any, and nothing Inline, every request goes to
	// the echo upstream.
	Manifests []string
	Manifest  manifest.Options
	// Inline are manifests held in memory, read besides the files.
	Inline []manifest.File

	// Redis is the address of a Redis server that stands behind redis.static:6379; empty means the embedded one.
	Redis string
	// Services maps further "host:port" services to what the gateway puts behind them, ServiceEcho or ServiceRedis,
	// unless the manifests give them endpoints.
	Services map[string]string
	// NoEcho turns the embedded echo upstream off: routes without endpoints answer 503.
	NoEcho bool

	Concurrency       int // workers; 0 means the number of CPUs, at most 4
	Profile           abi.Profile
	BufferLimit       int           // bytes; 0 means 32768, Higress' default
	StreamIdleTimeout time.Duration // 0 means 5 min, Envoy's default
	CacheDir          string        // of compiled and fetched modules; empty keeps them in memory
	Fetch             fetch.Options // of modules from registries and web servers; CacheDir empty means one within CacheDir
	// FetchWait is how long a gateway that starts waits for the modules of all plugins together; 0 means 10 s.
	FetchWait time.Duration
	// RefetchInterval is how long after a failed fetch the gateway tries again by itself, doubled each time up to 5 min; 0
	// means 10 s.
	RefetchInterval time.Duration
	Upstream        upstream.Options

	AccessLog io.Writer // JSON lines; nil means none
	// LogRequestHeaders adds the request headers, as the plugins left them, to the access log.
	LogRequestHeaders bool
	Log               io.Writer // the gateway's own log; nil means none
	LogLevel          string    // of the gateway and of plugins, until changed on /logging; empty means info
}

// adminOff as Config.Admin means no admin endpoints.
const adminOff = "off"

// What Config.Services can put behind a service.
const (
	ServiceEcho  = "echo"  // the embedded echo upstream
	ServiceRedis = "redis" // the embedded Redis, or the one of Config.Redis
)

// withDefaults fills what is empty and refuses what cannot be.
func (c Config) withDefaults() (Config, error) {
	if c.Concurrency < 0 {
		return c, fmt.Errorf("concurrency: must not be negative, not %d", c.Concurrency)
	}
	if c.BufferLimit < 0 {
		return c, fmt.Errorf("buffer limit: must not be negative, not %d", c.BufferLimit)
	}
	for service, kind := range c.Services {
		if _, ok := manifest.ClusterOf(service); !ok {
			return c, fmt.Errorf("services: %q must be HOST:PORT", service)
		}
		if kind != ServiceEcho && kind != ServiceRedis {
			return c, fmt.Errorf("services[%s]: must be %s or %s, not %q", service, ServiceEcho, ServiceRedis, kind)
		}
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:10000"
	}
	if c.Admin == "" {
		c.Admin = "127.0.0.1:15000"
	}
	if c.Concurrency == 0 {
		c.Concurrency = min(runtime.NumCPU(), 4)
	}
	if c.BufferLimit == 0 {
		c.BufferLimit = 32768
	}
	if c.StreamIdleTimeout == 0 {
		c.StreamIdleTimeout = 5 * time.Minute
	}
	if c.FetchWait == 0 {
		c.FetchWait = 10 * time.Second
	}
	if c.RefetchInterval == 0 {
		c.RefetchInterval = 10 * time.Second
	}
	if c.LogLevel == "" {
		c.LogLevel = "info"
	}
	if c.AccessLog == nil {
		c.AccessLog = io.Discard
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	return c, nil
}
