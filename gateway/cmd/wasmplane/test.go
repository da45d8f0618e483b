package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/cases"
	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/envoy"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

type testFlags struct {
	filter  string
	engine  string
	host    string
	redis   string
	noBuild bool
	verbose bool
}

func newTestCommand() *cobra.Command {
	f := &testFlags{}
	cmd := &cobra.Command{
		Use:   "test [PLUGIN…]",
		Short: "Run plugins' cases.yaml, and the examples of their plugin.yaml",
		Long: `Build the plugins (folders with a plugin.yaml or names of this checkout; without any, the plugin in the current folder or
else all of the checkout) and run their cases.yaml and the examples of their plugin.yaml against the local gateway,
or, with --engine envoy, against a stock Envoy. Plugins that Envoy cannot load are skipped with the reason.

Redis: a server of --redis, which must be empty; else a redis-server on PATH, started for the tests; else the embedded one.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			names, err := pluginNames(names)
			if err != nil {
				return err
			}
			return f.run(cmd.Context(), cmd.OutOrStdout(), names)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.filter, "run", "", "only cases or steps whose `REGEXP` matches (\"case\" or \"case/step\")")
	flags.StringVar(&f.engine, "engine", engineGateway, "what runs the cases: gateway (the local one) or envoy (the one in $ENVOY or on PATH)")
	flags.StringVar(&f.host, "host", "higress", "the gateway to behave like: higress or envoy")
	flags.StringVar(&f.redis, "redis", "", "`ADDRESS` of an empty Redis server")
	flags.BoolVar(&f.noBuild, "no-build", false, "test the plugin.wasm files that are there")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "a line for each step, not only for each case")
	return cmd
}

func (f *testFlags) run(ctx context.Context, out io.Writer, names []string) error {
	var filter *regexp.Regexp
	if f.filter != "" {
		var err error
		if filter, err = regexp.Compile(f.filter); err != nil {
			return fmt.Errorf("--run: %w", err)
		}
	}
	host, err := profile(f.host)
	if err != nil {
		return err
	}
	redis, stopRedis, err := f.startRedis(ctx, out)
	if err != nil {
		return err
	}
	defer stopRedis()
	engine, closeEngine, err := f.newEngine(ctx, redis, host)
	if err != nil {
		return err
	}
	defer closeEngine()

	var total cases.Summary
	for _, name := range names {
		summary, err := f.plugin(ctx, out, engine, name, filter)
		if err != nil {
			return err
		}
		total.Passed += summary.Passed
		total.Failed += summary.Failed
		total.Skipped += summary.Skipped
		total.Steps += summary.Steps
		total.Duration += summary.Duration
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", total.Passed, total.Failed, total.Skipped)
	fmt.Fprintf(out, "(%d cases of %d plugins, %d steps, %.1f s)\n", total.Passed+total.Failed+total.Skipped, len(names), total.Steps, total.Duration.Seconds())
	if total.Failed > 0 {
		return quietError{}
	}
	if total.Passed == 0 {
		return errors.New("no case ran")
	}
	return nil
}

func (f *testFlags) newEngine(ctx context.Context, redis string, host abi.Profile) (engine cases.Engine, close func(), err error) {
	if err := checkEngine(f.engine); err != nil {
		return nil, nil, err
	}
	if f.engine == engineEnvoy {
		binary, err := envoy.FindBinary()
		if err != nil {
			return nil, nil, err
		}
		engine := envoy.NewEngine(binary, redis)
		return engine, engine.Close, nil
	}
	local, err := newLocalEngine(ctx, redis, host)
	if err != nil {
		return nil, nil, err
	}
	return local, local.close, nil
}

func (f *testFlags) startRedis(ctx context.Context, out io.Writer) (address string, stop func(), err error) {
	if f.redis != "" {
		return f.redis, func() {}, nil
	}
	address, stop, err = startRedisServer(ctx)
	if errors.Is(err, errNoRedisServer) {
		fmt.Fprintln(out, "redis-server is not on PATH: the embedded Redis serves the cases (install redis-server to test with the real one)")
		return "", func() {}, nil
	}
	return address, stop, err
}

func (f *testFlags) plugin(ctx context.Context, out io.Writer, engine cases.Engine, name string, filter *regexp.Regexp) (cases.Summary, error) {
	p, err := catalog.Find(name)
	if err != nil {
		return cases.Summary{}, err
	}
	if !f.noBuild {
		if _, err := toolchain.Build(ctx, p); err != nil {
			return cases.Summary{}, err
		}
	}
	if _, err := os.Stat(p.Wasm()); err != nil {
		return cases.Summary{}, fmt.Errorf("%s: %s is not there; run without --no-build", p.Name, p.Wasm())
	}
	tested, err := f.subject(p)
	if err != nil {
		var foreign *envoy.ForeignModuleError
		if errors.As(err, &foreign) {
			fmt.Fprintf(out, "skip  %s (%v)\n", p.Name, err)
			return cases.Summary{Skipped: 1}, nil
		}
		return cases.Summary{}, err
	}
	files, err := caseFiles(p)
	if err != nil {
		return cases.Summary{}, err
	}
	var total cases.Summary
	for _, file := range files {
		printer := &casePrinter{out: out, plugin: p.Name, verbose: f.verbose}
		summary, err := file.Run(ctx, engine, tested, cases.RunOptions{
			Filter: filter, RedisPrivate: f.redis == "", Progress: printer.step,
			Resolve: func(other string) (cases.Plugin, error) {
				q, err := catalog.Find(other)
				if err != nil {
					return cases.Plugin{}, err
				}
				return f.subject(q)
			},
		})
		printer.flush()
		if err != nil {
			return total, fmt.Errorf("%s: %w", p.Name, err)
		}
		total.Passed += summary.Passed
		total.Failed += summary.Failed
		total.Skipped += summary.Skipped
		total.Steps += summary.Steps
		total.Duration += summary.Duration
	}
	return total, nil
}

// caseFiles are the plugin's cases.yaml and its examples as cases.
func caseFiles(p *catalog.Plugin) ([]*cases.File, error) {
	var files []*cases.File
	path := filepath.Join(p.Dir, "cases.yaml")
	file, err := cases.Load(path)
	switch {
	case err == nil:
		files = append(files, file)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	examples, err := p.ExampleCases()
	if err != nil || examples == nil {
		return files, err
	}
	file, err = cases.Parse(filepath.Join(p.Dir, "plugin.yaml")+" (examples)", examples)
	if err != nil {
		return nil, err
	}
	return append(files, file), nil
}

// subject is what the runner has to know of a plugin. On Envoy the error may be that it cannot load the module.
func (f *testFlags) subject(p *catalog.Plugin) (cases.Plugin, error) {
	s := cases.Plugin{Name: p.Name, Wasm: p.Wasm(), Phase: p.Phase, FailStrategy: p.FailStrategy}
	if p.Priority != nil {
		priority := int(*p.Priority)
		s.Priority = &priority
	}
	if f.engine != engineEnvoy {
		return s, nil
	}
	var err error
	s.Wasm, err = envoy.Module(p.Wasm())
	return s, err
}

// casePrinter prints a line when a case is over, and what was wrong.
type casePrinter struct {
	out     io.Writer
	plugin  string
	verbose bool

	current string
	failed  bool
	skipped string
	took    time.Duration
}

func (c *casePrinter) step(r cases.Result) {
	if r.Case != c.current {
		c.flush()
		c.current = r.Case
	}
	c.took += r.Duration
	c.skipped = r.Skipped
	if len(r.Failures) > 0 {
		c.failed = true
		_ = r.Write(c.out) // the terminal is gone: nobody reads on
	} else if c.verbose && r.Skipped == "" && r.Step != "" {
		fmt.Fprintf(c.out, "      %s (%d ms)\n", r.Step, r.Duration.Milliseconds())
	}
}

func (c *casePrinter) flush() {
	if c.current == "" {
		return
	}
	switch {
	case c.skipped != "":
		fmt.Fprintf(c.out, "skip  %s: %s (%s)\n", c.plugin, c.current, c.skipped)
	case c.failed:
		fmt.Fprintf(c.out, "FAIL  %s: %s\n", c.plugin, c.current)
	default:
		fmt.Fprintf(c.out, "ok    %s: %s (%d ms)\n", c.plugin, c.current, c.took.Milliseconds())
	}
	*c = casePrinter{out: c.out, plugin: c.plugin, verbose: c.verbose}
}
