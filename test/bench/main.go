// Command bench measures key-auth against its twin on github.com/higress-group/wasm-go, side by side in one run: the
// same configuration and the same request, in turns. It prints ratios; see docs/performance.md.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"text/tabwriter"

	"github.com/wasmplane/wasmplane/gateway/bench"
	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

func main() {
	requests := flag.Int("n", 20000, "requests of each kind to each module")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *requests); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, requests int) error {
	root := catalog.Checkout(".")
	if root == "" {
		return fmt.Errorf("run it inside the checkout")
	}
	dir, err := os.MkdirTemp("", "wasmplane-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	twin := filepath.Join(dir, "twin.wasm")
	if err := buildTwin(ctx, filepath.Join(root, "test", "bench", "twins", "key-auth"), twin); err != nil {
		return err
	}
	plugin, err := catalog.Load(filepath.Join(root, "extensions", "key-auth"))
	if err != nil {
		return err
	}
	built, err := toolchain.Build(ctx, plugin)
	if err != nil {
		return err
	}
	if err := compare(ctx, twin, built.Wasm, requests); err != nil {
		return err
	}
	return scale(ctx, twin, built.Wasm, requests)
}

// buildTwin compiles with the command of wasm-go's documentation.
func buildTwin(ctx context.Context, dir, output string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-tags", "proxy_wasm_version_0_2_100", "-o", output, "./")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build the twin: %w\n%s", err, out.Bytes())
	}
	return nil
}

// configuration of both, with n rules by exact domain before the one that matches by route.
func configuration(n int) []byte {
	rules := make([]map[string]any, 0, n+1)
	for i := range n {
		rules = append(rules, map[string]any{"_match_domain_": []string{fmt.Sprintf("tenant-%d.example.com", i)}, "allow": []string{"app-b"}})
	}
	rules = append(rules, map[string]any{"_match_route_": []string{"default"}, "allow": []string{"app-a"}})
	config, _ := json.Marshal(map[string]any{
		"global_auth": false,
		"keys":        []string{"x-api-key", "apikey"},
		"consumers":   []any{map[string]any{"name": "app-a", "credential": "key-of-app-a"}, map[string]any{"name": "app-b", "credential": "key-of-app-b"}},
		"_rules_":     rules,
	})
	return config
}

var request = bench.Request{
	Headers: [][2]string{
		{":authority", "api.example.com"}, {":path", "/orders/17?page=2"}, {":method", "GET"}, {":scheme", "https"},
		{"user-agent", "curl/8.0"}, {"accept", "*/*"}, {"x-forwarded-for", "10.0.0.1"}, {"x-forwarded-proto", "https"},
		{"x-request-id", "6e6a36ba-3e1b-4f0c-9d4c-3a1d0e6cbb1c"}, {"x-api-key", "key-of-app-a"},
	},
	RouteName: "default", ClusterName: "outbound|80||echo.static",
}

func compare(ctx context.Context, twin, ours string, requests int) error {
	fmt.Println("key-auth, 10 domain rules and a route rule, a request that passes:")
	results, err := bench.Run(ctx, []bench.Subject{{Path: twin, Configuration: configuration(10)}, {Path: ours, Configuration: configuration(10)}},
		request, bench.Options{Requests: requests})
	if err != nil {
		return err
	}
	bench.Print(os.Stdout, results)
	return nil
}

// scale shows what rules cost: each module with 10 rules and with 10,000, in turns.
func scale(ctx context.Context, twin, ours string, requests int) error {
	fmt.Println("\nCost with 10,000 domain rules, against the same module's with 10:")
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	var medians []float64
	for _, module := range []string{twin, ours} {
		n := requests
		if module == twin {
			n = max(requests/20, 100)
		}
		results, err := bench.Run(ctx, []bench.Subject{{Path: module, Configuration: configuration(10)}, {Path: module, Configuration: configuration(10000)}},
			request, bench.Options{Requests: n})
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%.2f\t\n", results[0].Name, float64(results[1].Median)/float64(results[0].Median))
		medians = append(medians, float64(results[1].Median))
	}
	fmt.Fprintf(table, "ours against the twin's, both with 10,000\t%.4f\t\n", medians[1]/medians[0])
	return table.Flush()
}
