package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/echo"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

// Engines of --engine.
const (
	engineGateway = "gateway"
	engineEnvoy   = "envoy"
)

func checkEngine(name string) error {
	if name != engineGateway && name != engineEnvoy {
		return fmt.Errorf("--engine: must be %s or %s, not %q", engineGateway, engineEnvoy, name)
	}
	return nil
}

// envoyRun is `wasmplane run --engine envoy`: an Envoy with the upstreams that the local gateway would bring along.
type envoyRun struct {
	config  server.Config
	gateway *envoy.Gateway
	echo    string // address of the echo upstream, "" when it is off
	redis   string // address of the Redis, then of the bridge in front of it, "" when there is none
	// variants takes a plugin's build for hosts without Higress' functions where its plugin.wasm needs them.
	variants bool
	stop     []func()
}

// startOnEnvoy starts an Envoy that does what the local gateway would do with the configuration. close ends everything.
func startOnEnvoy(ctx context.Context, config server.Config, variants bool) (*envoyRun, error) {
	binary, err := envoy.FindBinary()
	if err != nil {
		return nil, err
	}
	r := &envoyRun{config: config, variants: variants, redis: config.Redis}
	if err := r.start(ctx, binary); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *envoyRun) start(ctx context.Context, binary string) error {
	if err := r.startUpstreams(ctx); err != nil {
		return err
	}
	options := envoy.Options{
		Listen: r.config.Listen, Admin: r.config.Admin, InsecureTLS: r.config.Upstream.InsecureTLS, NoAccessLog: r.config.AccessLog == nil,
		LogRequestHeaders: r.config.LogRequestHeaders, TrustedCA: envoy.SystemCA(),
		Certificate: r.config.Certificate, ProxyProtocol: r.config.ProxyProtocol == server.ProxyProtocolOptional,
		ProxyProtocolRequired: r.config.ProxyProtocol == server.ProxyProtocolRequired,
	}
	if options.Admin == "off" { // Envoy is steered through its admin endpoints
		options.Admin = "127.0.0.1:0"
	}
	gateway, err := envoy.StartGateway(ctx, binary, options, envoy.ProcessOptions{
		Concurrency: workers(r.config.Concurrency), LogLevel: r.config.LogLevel, Log: r.config.Log, AccessLog: r.config.AccessLog,
	})
	if err != nil {
		return err
	}
	r.gateway = gateway
	r.stop = append(r.stop, gateway.Stop)
	return r.apply(ctx)
}

// workers is the number of workers: as many as the local gateway has.
func workers(configured int) int {
	if configured == 0 {
		return min(runtime.NumCPU(), 4)
	}
	return configured
}

func (r *envoyRun) startUpstreams(ctx context.Context) error {
	if !r.config.NoEcho {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("echo upstream: %w", err)
		}
		upstream, done := echo.New(), make(chan struct{})
		go func() {
			defer close(done)
			_ = upstream.Serve(listener) // ends when it is closed
		}()
		r.echo = listener.Addr().String()
		r.stop = append(r.stop, func() {
			upstream.Close()
			listener.Close() // which Serve may not have seen yet
			<-done
		})
	}
	return r.startRedis(ctx)
}

// startRedis puts a bridge in front of the Redis that was given, else of one that is started if it is on PATH.
func (r *envoyRun) startRedis(ctx context.Context) error {
	if r.redis == "" {
		address, stop, err := startRedisServer(ctx)
		if errors.Is(err, errNoRedisServer) {
			return nil
		}
		if err != nil {
			return err
		}
		r.redis, r.stop = address, append(r.stop, stop)
	}
	bridge, err := envoy.StartRedisBridge(r.redis)
	if err != nil {
		return err
	}
	r.redis, r.stop = bridge.Address, append(r.stop, bridge.Close)
	return nil
}

// apply reads the manifests and puts them in force.
func (r *envoyRun) apply(ctx context.Context) error {
	fromDisk, problems := manifest.Read(r.config.Manifests)
	snapshot, more := manifest.Parse(append(append([]manifest.File(nil), r.config.Inline...), fromDisk...), r.config.Manifest)
	problems = append(problems, more...)
	for _, p := range problems.Warnings() {
		fmt.Fprintf(r.config.Log, "warning %v\n", p)
	}
	if fatal := problems.Fatal(); len(fatal) > 0 {
		return fatal
	}
	snapshot.Clusters = r.clusters(snapshot.Clusters)
	if r.variants {
		usable, err := withVariants(snapshot.Plugins)
		if err != nil {
			return err
		}
		snapshot.Plugins = usable
	}
	return r.gateway.Apply(ctx, snapshot)
}

// withVariants replaces modules that a stock Envoy cannot load by their builds for it, where these exist.
func withVariants(plugins []*manifest.Plugin) ([]*manifest.Plugin, error) {
	var out []*manifest.Plugin
	for _, p := range plugins {
		u, err := url.Parse(p.URL)
		if err != nil || u.Scheme != "file" {
			return nil, fmt.Errorf("%s: %s is not a file URL", p.Source, p.URL)
		}
		path, err := envoy.Module(u.Path)
		if err != nil {
			return nil, err
		}
		changed := *p
		changed.URL = "file://" + path
		out = append(out, &changed)
	}
	return out, nil
}

// clusters adds what the local gateway brings along: the echo upstream, which stands in for endpoints that are missing,
// and the Redis. What the manifests define wins.
func (r *envoyRun) clusters(defined []*manifest.Cluster) []*manifest.Cluster {
	own := map[string]*manifest.Cluster{}
	add := func(service, address string) {
		if name, ok := manifest.ClusterOf(service); ok && address != "" {
			own[name] = &manifest.Cluster{Name: name, Protocol: manifest.HTTP1, Endpoints: []string{address}, Source: "--engine envoy"}
		}
	}
	add(server.EchoService+":80", r.echo)
	add(server.RedisService+":6379", r.redis)
	for service, kind := range r.config.Services {
		if kind == server.ServiceRedis {
			add(service, r.redis)
		} else {
			add(service, r.echo)
		}
	}
	var out []*manifest.Cluster
	for _, c := range defined {
		switch stand := own[c.Name]; {
		case len(c.Endpoints) > 0:
		case stand != nil:
			c = stand
		case c.Protocol != manifest.TCP && r.echo != "":
			echoed := *c
			echoed.TLS, echoed.Endpoints = false, []string{r.echo}
			c = &echoed
		}
		delete(own, c.Name)
		out = append(out, c)
	}
	for _, c := range own {
		out = append(out, c)
	}
	return out
}

// run serves until ctx is done, and takes over manifests that change.
func (r *envoyRun) run(ctx context.Context) error {
	if len(r.config.Manifests) > 0 {
		err := manifest.Watch(ctx, r.config.Manifests, func() {
			if err := r.apply(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintf(r.config.Log, "error the manifests did not load, the former configuration stays in force:\n%v\n", err)
			}
		})
		if err != nil {
			return fmt.Errorf("watch manifests: %w", err)
		}
	}
	select {
	case <-ctx.Done():
		return nil
	case <-r.gateway.Done():
		if ctx.Err() != nil {
			return nil
		}
		return r.gateway.Err()
	}
}

func (r *envoyRun) close() {
	for i := len(r.stop) - 1; i >= 0; i-- {
		r.stop[i]()
	}
}

// Addr is where requests are taken.
func (r *envoyRun) Addr() string { return r.gateway.Address() }

// AdminAddr is where Envoy's admin endpoints are.
func (r *envoyRun) AdminAddr() string { return r.gateway.Admin() }

func newEnvoyCommand() *cobra.Command {
	var dir string
	var example int
	cmd := &cobra.Command{
		Use:   "envoy PLUGIN",
		Short: "Write a stock Envoy's configuration, and a docker-compose.yaml, for a plugin's example",
		Long: `Build PLUGIN and write what runs its example on a stock Envoy in Docker: DIR/envoy.yaml, DIR/docker-compose.yaml and the
module. docs/engines.md says what is different there.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := catalog.Find(args[0])
			if err != nil {
				return err
			}
			if example < 1 || example > len(p.Examples) {
				return fmt.Errorf("--example: %s has %d examples, not %d", p.Name, len(p.Examples), example)
			}
			if ignored := p.Ignored(p.Examples[example-1].Config); len(ignored) > 0 {
				return fmt.Errorf("example %q relies on what a stock Envoy ignores: %s", p.Examples[example-1].Name, strings.Join(ignored, "; "))
			}
			if _, err := toolchain.Build(cmd.Context(), p); err != nil {
				return err
			}
			if err := writeEnvoyFiles(p, &p.Examples[example-1], dir); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Wrote envoy.yaml, docker-compose.yaml and %s.wasm to %s. Try it:\n\n  docker compose -f %s up\n", p.Name, dir, filepath.Join(dir, "docker-compose.yaml"))
			return nil
		},
	}
	cmd.Flags().StringVarP(&dir, "output", "o", "", "`DIR` to write to")
	cmd.Flags().IntVar(&example, "example", 1, "which example of the plugin, from 1")
	_ = cmd.MarkFlagRequired("output") // the flag exists
	return cmd
}

// Names within the composition of containers.
const (
	composeEcho   = "echo:8080"
	composeFolder = "/etc/envoy"
)

func writeEnvoyFiles(p *catalog.Plugin, example *catalog.Example, dir string) error {
	module, err := envoy.Module(p.Wasm())
	if err != nil {
		return err
	}
	manifests, err := p.Manifests(example)
	if err != nil {
		return err
	}
	upstreams := map[string][]string{server.EchoService + ":80": {composeEcho}}
	for service, kind := range example.Services {
		if kind == server.ServiceRedis {
			return fmt.Errorf("example %q needs a Redis, which a stock Envoy reaches through a REST service only: run it with wasmplane run --engine envoy", example.Name)
		}
		upstreams[service] = []string{composeEcho}
	}
	snapshot, problems := manifest.Parse([]manifest.File{{Name: "plugin.yaml", Data: manifests}}, manifest.Options{Upstreams: upstreams})
	if fatal := problems.Fatal(); len(fatal) > 0 {
		return fatal
	}
	for _, plugin := range snapshot.Plugins {
		plugin.URL = "file://" + module
	}
	config, err := envoy.Generate(snapshot, envoy.Options{
		Listen: "0.0.0.0:10000", Admin: "0.0.0.0:15000",
		Filename: func(*manifest.Plugin) string { return composeFolder + "/" + p.Name + ".wasm" },
	})
	if err != nil {
		return err
	}
	code, err := os.ReadFile(module)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var header bytes.Buffer
	fmt.Fprintf(&header, "# Written by wasmplane envoy %s: example %q.\n", p.Name, example.Name)
	for name, data := range map[string][]byte{
		"envoy.yaml":          append(header.Bytes(), config...),
		"docker-compose.yaml": envoy.Compose(),
		p.Name + ".wasm":      code,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
