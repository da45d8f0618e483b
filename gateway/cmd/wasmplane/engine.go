package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/cases"
	"github.com/wasmplane/wasmplane/gateway/certificate"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// localEngine runs cases on a gateway in this process.
type localEngine struct {
	gateway *server.Gateway
	stop    context.CancelFunc
	done    chan struct{}
	since   time.Time // of the last Apply
	profile abi.Profile
	second  *localEngine // nil until it is asked for
}

// Second implements cases.Pairing.
func (e *localEngine) Second(ctx context.Context) (cases.Engine, error) {
	if e.second != nil {
		return e.second, nil
	}
	var err error
	if e.second, err = newLocalEngine(ctx, e.gateway.RedisAddr(), e.profile); err != nil {
		return nil, err
	}
	return e.second, nil
}

// newLocalEngine starts a gateway without plugins. redis is the address of a server to use; empty means the embedded.
func newLocalEngine(ctx context.Context, redis string, profile abi.Profile) (*localEngine, error) {
	pair, err := certificate.SelfSigned("localhost", "127.0.0.1", "::1")
	if err != nil {
		return nil, err
	}
	g, err := server.New(ctx, server.Config{
		Certificate: pair, ProxyProtocol: server.ProxyProtocolOptional,
		Listen: "127.0.0.1:0", Admin: "off", Redis: redis, Profile: profile, CacheDir: cacheDir(), Concurrency: 2,
		LogLevel: "debug", LogRequestHeaders: true, NoEcho: true,
	})
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	e := &localEngine{gateway: g, stop: stop, done: make(chan struct{}), since: time.Now(), profile: profile}
	go func() {
		defer close(e.done)
		_ = g.Run(running, time.Second) // ends when the engine is closed
	}()
	return e, nil
}

func (e *localEngine) close() {
	if e.second != nil {
		e.second.close()
	}
	e.stop()
	<-e.done
	e.gateway.Close()
}

// Name implements cases.Engine, as the methods below.
func (e *localEngine) Name() string { return "gateway" }

func (e *localEngine) Prepare(context.Context, []cases.Configuration) error { return nil }

func (e *localEngine) Apply(ctx context.Context, c cases.Configuration) error {
	e.since = time.Now()
	upstreams := map[string][]string{}
	for service, endpoint := range c.Upstreams {
		upstreams[service] = []string{endpoint}
		if endpoint == "" {
			upstreams[service] = nil
		}
	}
	err := e.gateway.ReloadWith(ctx, []manifest.File{{Name: c.Name, Data: c.Manifests}}, upstreams)
	if err != nil && ctx.Err() == nil {
		return &cases.LoadError{Text: err.Error()}
	}
	return err
}

func (e *localEngine) Address() string { return e.gateway.Addr() }

func (e *localEngine) AccessLog(ctx context.Context, requestID string) (map[string]any, error) {
	entry, err := e.gateway.WaitAccessLog(ctx, requestID)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	return fields, errors.Join(json.Unmarshal(line, &fields))
}

func (e *localEngine) Log() string {
	var b strings.Builder
	for _, line := range e.gateway.Log() {
		if !line.Time.Before(e.since) {
			b.WriteString(line.Level + " " + line.Text + "\n")
		}
	}
	return b.String()
}

func (e *localEngine) RedisAddress() string { return e.gateway.RedisAddr() }
