package envoy

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"

	"github.com/wasmplane/wasmplane/gateway/cases"
	"github.com/wasmplane/wasmplane/gateway/redisrest"
)

// RedisBridge is a Redis HTTP gateway in front of one Redis server: a stock Envoy has no Redis call-outs, and plugins
// built for it speak HTTP.
type RedisBridge struct {
	Address string // where it listens, "host:port"
	server  *http.Server
}

// StartRedisBridge puts a bridge in front of the Redis at an address. It asks for no token. Close ends it.
func StartRedisBridge(redis string) (*RedisBridge, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("bridge to redis: %w", err)
	}
	b := &RedisBridge{
		Address: listener.Addr().String(),
		server:  &http.Server{Handler: redisrest.New(redis, ""), ReadHeaderTimeout: time.Minute},
	}
	go b.server.Serve(listener)
	return b, nil
}

// Close ends the bridge and its connections.
func (b *RedisBridge) Close() { b.server.Close() }

// withBridges returns the configuration's upstreams with a bridge in the place of every Redis. Bridges stay until the
// engine is closed.
func (e *Engine) withBridges(c cases.Configuration) (map[string]string, error) {
	upstreams := maps.Clone(c.Upstreams)
	for _, service := range c.Redis {
		redis := upstreams[service]
		if e.bridges[redis] == nil {
			b, err := StartRedisBridge(redis)
			if err != nil {
				return nil, err
			}
			if e.bridges == nil {
				e.bridges = map[string]*RedisBridge{}
			}
			e.bridges[redis] = b
		}
		upstreams[service] = e.bridges[redis].Address
	}
	return upstreams, nil
}
