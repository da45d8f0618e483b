package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

// options are the command line.
type options struct {
	requests int
	quick    bool
	only     string // wazero, envoy or "" for both
	out      string
	growth   bool
	match    *regexp.Regexp // of the names of what is measured
}

func main() {
	var o options
	flag.IntVar(&o.requests, "n", 20000, "requests of each kind to each module on wazero")
	flag.BoolVar(&o.quick, "quick", false, "a tenth of the requests, small bodies, fewer rules: to see that it works")
	flag.StringVar(&o.only, "only", "", "measure on `wazero` or envoy alone")
	flag.StringVar(&o.out, "out", filepath.Join("..", "build"), "folder for bench.json and bench.svg")
	flag.BoolVar(&o.growth, "growth", false, "compare the linear memory after 1e6 requests with that after 1e7, not 1e5 with 1e6 (minutes)")
	match := flag.String("run", "", "measure only pairs and Envoy variants whose names match this `expression`")
	tables := flag.String("tables", "", "measure nothing, print the Markdown tables of this bench.json `file`")
	flag.Parse()
	if o.only != "" && o.only != "wazero" && o.only != "envoy" {
		fmt.Fprintf(os.Stderr, "bench: -only must be wazero or envoy, not %q\n", o.only)
		os.Exit(2)
	}
	var err error
	if *tables != "" {
		if err := printTables(os.Stdout, *tables); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if o.match, err = regexp.Compile(*match); err != nil {
		fmt.Fprintln(os.Stderr, "bench: -run:", err)
		os.Exit(2)
	}
	if o.quick {
		o.requests = max(o.requests/10, 100)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	root := catalog.Checkout(".")
	if root == "" {
		return fmt.Errorf("run it inside the checkout")
	}
	dir, err := os.MkdirTemp("", "wasmplane-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	modules := &modules{root: root, dir: dir, built: map[string]string{}}
	r := newReport(o)
	if o.only != "envoy" {
		if err := measureWazero(ctx, o, modules, r); err != nil {
			return err
		}
	}
	if o.only != "wazero" {
		if err := measureEnvoy(ctx, o, modules, r); err != nil {
			return err
		}
	}
	r.Goals = goals(r)
	printGoals(os.Stdout, r.Goals)
	return r.write(o.out)
}
