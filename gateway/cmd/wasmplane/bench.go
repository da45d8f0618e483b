package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/bench"
	"github.com/wasmplane/wasmplane/gateway/catalog"
)

type benchFlags struct {
	config   string
	method   string
	path     string
	host     string
	headers  []string
	body     string
	route    string
	cluster  string
	redis    string
	profile  string
	requests int
}

func newBenchCommand() *cobra.Command {
	f := &benchFlags{}
	cmd := &cobra.Command{
		Use:   "bench A.wasm [B.wasm…]",
		Short: "Measure modules side by side",
		Long: `Drive modules in process with one configuration and one request, taking turns, and print for each the host calls, the
nanoseconds and the memory a request costs, and the ratios to the first. Without --config the configuration and the
request are those of the first example in the plugin.yaml beside the file (beside A.wasm where B.wasm has none).`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			subjects, request, err := f.prepare(files)
			if err != nil {
				return err
			}
			p, err := profile(f.profile)
			if err != nil {
				return err
			}
			results, err := bench.Run(cmd.Context(), subjects, request, bench.Options{Requests: f.requests, Profile: p, CacheDir: cacheDir()})
			if err != nil {
				return err
			}
			bench.Print(cmd.OutOrStdout(), results)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "plugin configuration: a `FILE` with YAML or JSON")
	flags.StringVar(&f.method, "method", "", "request method (default that of the example, else GET)")
	flags.StringVar(&f.path, "path", "", "request path (default that of the example, else /)")
	flags.StringVar(&f.host, "authority", "", "request host (default that of the example, else bench.example)")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "request header `NAME: VALUE`; may be repeated")
	flags.StringVar(&f.body, "body", "", "request body")
	flags.StringVar(&f.route, "route", "default", "route name that the plugin sees")
	flags.StringVar(&f.cluster, "cluster", "outbound|80||echo.static", "cluster name that the plugin sees")
	flags.StringVar(&f.redis, "redis-reply", "*3\r\n:1000000\r\n:1\r\n:60\r\n", "RESP that answers every Redis call-out")
	flags.StringVar(&f.profile, "host", "higress", "the host to be: higress or envoy")
	flags.IntVarP(&f.requests, "requests", "n", 20000, "requests to each module")
	return cmd
}

func (f *benchFlags) prepare(files []string) ([]bench.Subject, bench.Request, error) {
	var request catalog.Request
	var fallback []byte
	subjects := make([]bench.Subject, len(files))
	for i, file := range files {
		config, example, err := f.configuration(file)
		if err != nil {
			return nil, bench.Request{}, err
		}
		if i == 0 {
			fallback = config
			if example != nil {
				request = *example
			}
		}
		if config == nil {
			config = fallback
		}
		subjects[i] = bench.Subject{Path: file, Configuration: config}
	}
	out := bench.Request{RouteName: f.route, ClusterName: f.cluster, RedisReply: []byte(f.redis), Body: []byte(first(f.body, request.Body))}
	out.Headers = [][2]string{
		{":authority", first(f.host, request.Host, "bench.example")}, {":path", first(f.path, request.Path, "/")},
		{":method", first(f.method, request.Method, "GET")}, {":scheme", "http"},
		{"user-agent", "curl/8.0"}, {"accept", "*/*"}, {"x-forwarded-for", "10.0.0.1"}, {"x-forwarded-proto", "http"},
		{"x-request-id", "6e6a36ba-3e1b-4f0c-9d4c-3a1d0e6cbb1c"},
	}
	for name, value := range request.Headers {
		out.Headers = append(out.Headers, [2]string{strings.ToLower(name), value})
	}
	for _, h := range f.headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, out, fmt.Errorf("--header: must be NAME: VALUE, not %q", h)
		}
		out.Headers = append(out.Headers, [2]string{strings.ToLower(name), strings.TrimSpace(value)})
	}
	return subjects, out, nil
}

// configuration returns a module's configuration as JSON, and the request of its example that passes, else the first.
func (f *benchFlags) configuration(file string) ([]byte, *catalog.Request, error) {
	if f.config != "" {
		text, err := os.ReadFile(f.config)
		if err != nil {
			return nil, nil, err
		}
		config, err := yaml.YAMLToJSON(text)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.config, err)
		}
		return config, nil, nil
	}
	p, err := catalog.Load(filepath.Dir(file))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil || len(p.Examples) == 0 {
		return nil, nil, err
	}
	example := &p.Examples[0]
	if len(example.Config) == 0 {
		return []byte{}, nil, nil
	}
	config, err := json.Marshal(example.Config)
	if err != nil {
		return nil, nil, err
	}
	if len(example.Requests) == 0 {
		return config, nil, nil
	}
	chosen := &example.Requests[0].Request
	for i := range example.Requests {
		if example.Requests[i].Response.StatusCode == 200 {
			chosen = &example.Requests[i].Request
			break
		}
	}
	return config, chosen, nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
