package engines

import (
	"io"
	"time"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// Config is what an engine runs, and how. Its zero value has two workers, no routes and no log.
type Config struct {
	// Files are the manifests, and Upstreams the endpoints of their services by "host:port".
	Files     []manifest.File
	Upstreams map[string][]string

	Workers     int    // 0 means 2
	BufferLimit int    // bytes that a stream may hold; 0 means the engines' default
	CacheDir    string // of the local gateway's compiled modules; empty keeps them in memory

	Log, AccessLog io.Writer // nil means none
	LogLevel       string    // of the engine's and of the plugins' lines; empty means info

	// Patience is how long Envoy may take to compile the plugins; 0 means 30 s.
	Patience time.Duration
}

func (c Config) options() manifest.Options { return manifest.Options{Upstreams: c.Upstreams} }

func (c Config) workers() int {
	if c.Workers == 0 {
		return 2
	}
	return c.Workers
}

func (c Config) patience() time.Duration {
	if c.Patience == 0 {
		return 30 * time.Second
	}
	return c.Patience
}
