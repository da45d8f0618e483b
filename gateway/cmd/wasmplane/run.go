package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

// defaultPlugin is what `wasmplane run` shows when nothing is named.
const defaultPlugin = "key-auth"

// drain is how long running requests may go on after Ctrl-C.
const drain = 5 * time.Second

type runFlags struct {
	files       []string
	upstreams   []string
	listen      string
	listener    listenerFlags
	admin       string
	redis       string
	engine      string
	host        string
	logLevel    string
	namespace   string
	example     int
	concurrency int
	noEcho      bool
	pushAll     bool
	insecureTLS bool
	logHeaders  bool
	quiet       bool
	insecure    []string // registries
}

func newRunCommand() *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:   "run [PLUGIN]",
		Short: "Run a plugin's example, or manifests, on the local gateway",
		Long: `Without -f: build PLUGIN (a folder with a plugin.yaml, or a plugin of this checkout; default ` + defaultPlugin + `), start the
gateway with an echo upstream, an embedded Redis and the plugin's first example, and print requests to try.

With -f: run the manifests (WasmPlugin, Ingress, Service, EndpointSlice, Endpoints, McpBridge, Secret) and reload them
when they change. The services echo.static:80 and redis.static:6379 exist without a manifest.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, announce, err := f.prepare(cmd, args)
			if err != nil {
				return err
			}
			if f.engine == engineEnvoy {
				r, err := startOnEnvoy(cmd.Context(), config, len(f.files) == 0)
				if err != nil {
					return err
				}
				defer r.close()
				announce(cmd.OutOrStdout(), r)
				return r.run(cmd.Context())
			}
			g, err := server.New(cmd.Context(), config)
			if err != nil {
				return err
			}
			defer g.Close()
			announce(cmd.OutOrStdout(), g)
			return g.Run(cmd.Context(), drain)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "file", "f", nil, "manifest `FILE` or folder; may be repeated")
	flags.StringArrayVar(&f.upstreams, "upstream", nil, "endpoints of a service: `NAME.NAMESPACE=HOST:PORT` or SERVICE-HOST:PORT=HOST:PORT; may be repeated")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:10000", "`ADDRESS` of the gateway")
	f.listener.add(flags)
	flags.StringVar(&f.admin, "admin", "127.0.0.1:15000", "`ADDRESS` of the console and the admin endpoints, or off")
	flags.StringVar(&f.redis, "redis", "", "`ADDRESS` of a Redis server instead of the embedded one")
	flags.StringVar(&f.engine, "engine", engineGateway, "what runs the plugins: gateway (the local one) or envoy (the one in $ENVOY or on PATH)")
	flags.StringVar(&f.host, "host", "higress", "the gateway to behave like: higress or envoy")
	flags.StringVar(&f.logLevel, "log-level", "info", "trace, debug, info, warning, error, critical or off")
	flags.StringVar(&f.namespace, "namespace", manifest.DefaultNamespace, "the namespace WasmPlugins are read from")
	flags.IntVar(&f.example, "example", 1, "which example of the plugin to run, from 1")
	flags.IntVar(&f.concurrency, "concurrency", 0, "number of workers; 0 means one a CPU, at most 4")
	flags.BoolVar(&f.noEcho, "no-echo", false, "answer 503 where a backend has no endpoints, instead of the echo upstream")
	flags.BoolVar(&f.pushAll, "push-all-clusters", false, "let plugins call Kubernetes services that no route refers to")
	flags.BoolVar(&f.insecureTLS, "insecure-upstream-tls", false, "accept any certificate of TLS upstreams")
	flags.BoolVar(&f.logHeaders, "log-request-headers", false, "write the request headers, as the plugins left them, into the access log")
	registerInsecure(cmd, &f.insecure)
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no access log")
	return cmd
}

// prepare turns the command line into a configuration, and says what to tell the user once the gateway listens.
func (f *runFlags) prepare(cmd *cobra.Command, args []string) (server.Config, func(io.Writer, running), error) {
	config := server.Config{
		Listen: f.listen, Admin: f.admin, Redis: f.redis, NoEcho: f.noEcho, Concurrency: f.concurrency,
		CacheDir: cacheDir(), Log: cmd.ErrOrStderr(), LogLevel: f.logLevel, LogRequestHeaders: f.logHeaders,
		Manifest: manifest.Options{Namespace: f.namespace, PushAllClusters: f.pushAll},
	}
	config.Upstream.InsecureTLS = f.insecureTLS
	config.Fetch.InsecureRegistries = f.insecure
	if !f.quiet {
		config.AccessLog = cmd.OutOrStdout()
	}
	err := checkEngine(f.engine)
	if err != nil {
		return config, nil, err
	}
	if err := f.listener.apply(&config); err != nil {
		return config, nil, err
	}
	if config.Profile, err = profile(f.host); err != nil {
		return config, nil, err
	}
	if config.Manifest.Upstreams, err = upstreams(f.upstreams); err != nil {
		return config, nil, err
	}
	if len(f.files) > 0 {
		if len(args) > 0 {
			return config, nil, fmt.Errorf("give a PLUGIN or -f, not both")
		}
		config.Manifests = f.files
		return config, announceManifests, nil
	}
	name := defaultPlugin
	if len(args) > 0 {
		name = args[0]
	} else if _, err := os.Stat("plugin.yaml"); err == nil {
		name = "."
	}
	return f.preparePlugin(cmd, config, name)
}

func (f *runFlags) preparePlugin(cmd *cobra.Command, config server.Config, name string) (server.Config, func(io.Writer, running), error) {
	p, err := catalog.Find(name)
	if err != nil {
		return config, nil, err
	}
	if f.example < 1 || f.example > max(1, len(p.Examples)) {
		return config, nil, fmt.Errorf("--example: %s has %d examples, not %d", p.Name, len(p.Examples), f.example)
	}
	example := &catalog.Example{Name: "no configuration"}
	if len(p.Examples) > 0 {
		example = &p.Examples[f.example-1]
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Building %s …\n", p.Name)
	built, err := toolchain.Build(cmd.Context(), p)
	if err != nil {
		return config, nil, err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Built %s (%s in %.1f s)\n", relative(built.Wasm), megabytes(built.Size), built.Took.Seconds())
	manifests, err := p.Manifests(example)
	if err != nil {
		return config, nil, err
	}
	config.Inline = []manifest.File{{Name: filepath.Join(p.Dir, "plugin.yaml") + " (example " + fmt.Sprint(f.example) + ")", Data: manifests}}
	config.Services = example.Services
	return config, func(w io.Writer, g running) { announceExample(w, g, p, example) }, nil
}

func profile(name string) (abi.Profile, error) {
	for _, p := range []abi.Profile{abi.Higress, abi.Envoy} {
		if p.String() == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("--host: must be higress or envoy, not %q", name)
}

func upstreams(list []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, item := range list {
		service, endpoint, ok := strings.Cut(item, "=")
		if !ok || service == "" || !strings.Contains(endpoint, ":") {
			return nil, fmt.Errorf("--upstream: must be NAME.NAMESPACE=HOST:PORT or SERVICE-HOST:PORT=HOST:PORT, not %q", item)
		}
		out[service] = append(out[service], endpoint)
	}
	return out, nil
}

// running is a gateway that takes requests.
type running interface {
	Addr() string
	AdminAddr() string
}

func announceManifests(w io.Writer, g running) {
	fmt.Fprintf(w, "Gateway on http://%s", g.Addr())
	if admin := g.AdminAddr(); admin != "" {
		fmt.Fprintf(w, ", console on http://%s", admin)
	}
	fmt.Fprintln(w, ". Ctrl-C stops it.")
}

func announceExample(w io.Writer, g running, p *catalog.Plugin, e *catalog.Example) {
	announceManifests(w, g)
	fmt.Fprintf(w, "\n%s, example %q:\n", p.Title, e.Name)
	for _, x := range e.Requests {
		times := ""
		if x.Repeat > 1 {
			times = fmt.Sprintf(" (%d times)", x.Repeat)
		}
		fmt.Fprintf(w, "\n  # %s%s → %s\n  %s\n", x.Name, times, x.Response.Expect(), x.Request.Curl("http://"+g.Addr()))
	}
	fmt.Fprintln(w)
}

func relative(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}
