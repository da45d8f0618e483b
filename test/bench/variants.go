package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// variant is a chain of filters on an Envoy of its own.
type variant struct {
	name   string
	filter func(ctx context.Context, m *modules) (any, error) // nil: no filter
	keys   bool                                               // refuses requests without a key
	heavy  bool                                               // many times the cost of the others: fewer requests
}

// Names of variants that goals refer to.
const (
	noFilter       = "no filter"
	plainEmpty     = "empty, proxy-wasm-go-sdk alone"
	oursEmpty      = "empty, ours"
	oursOneHandler = "one empty handler, ours"
	twinKeyAuth    = "key-auth, 10 rules, twin"
	oursKeyAuth    = "key-auth, 10 rules, ours"
	twinManyRules  = "key-auth, 10,000 rules, twin"
	oursManyRules  = "key-auth, 10,000 rules, ours"
	luaVariant     = "key check in Lua"
	nativeVariant  = "api_key_auth, native"
	twinHelloWorld = "hello-world, twin"
	oursHelloWorld = "hello-world, ours"
)

func variants() []variant {
	keyAuthWith := func(rules int, build func(context.Context, *modules) (string, error)) func(context.Context, *modules) (any, error) {
		return wasm(build, keyAuthRules(domainRules, rules))
	}
	return []variant{
		{name: noFilter},
		{name: plainEmpty, filter: wasm(foreignAt(filepath.Join("test", "bench", "plain", "empty")), nil)},
		{name: oursEmpty, filter: wasm(oursAt(subject("empty")), nil)},
		{name: oursOneHandler, filter: wasm(oursAt(subject("one-handler")), nil)},
		{name: twinKeyAuth, filter: keyAuthWith(10, foreignAt(twin(keyAuth))), keys: true},
		{name: oursKeyAuth, filter: keyAuthWith(10, oursAt(extension(keyAuth))), keys: true},
		{name: twinManyRules, filter: keyAuthWith(10_000, foreignAt(twin(keyAuth))), keys: true, heavy: true},
		{name: oursManyRules, filter: keyAuthWith(10_000, oursAt(extension(keyAuth))), keys: true},
		{name: luaVariant, filter: func(context.Context, *modules) (any, error) { return luaKeyCheck(), nil }, keys: true},
		{name: nativeVariant, filter: func(context.Context, *modules) (any, error) { return nativeKeyCheck(), nil }, keys: true},
		{name: twinHelloWorld, filter: wasm(foreignAt(twin(helloWorld)), nil)},
		{name: oursHelloWorld, filter: wasm(oursAt(extension(helloWorld)), nil)},
	}
}

type build = func(context.Context, *modules) (string, error)

func foreignAt(dir string) build {
	return func(ctx context.Context, m *modules) (string, error) { return m.foreign(ctx, dir) }
}

func oursAt(dir string) build {
	return func(ctx context.Context, m *modules) (string, error) { return m.ours(ctx, dir) }
}

func wasm(module build, configuration []byte) func(context.Context, *modules) (any, error) {
	return func(ctx context.Context, m *modules) (any, error) {
		path, err := module(ctx, m)
		if err != nil {
			return nil, err
		}
		path, err = m.forEnvoy(path)
		return wasmFilter(path, configuration), err
	}
}

func (v variant) filters(ctx context.Context, m *modules) ([]any, error) {
	if v.filter == nil {
		return nil, nil
	}
	f, err := v.filter(ctx, m)
	return []any{f}, err
}

// variantResult is the CPU time of a request on the Envoy of a variant, in µs.
type variantResult struct {
	Name  string    `json:"name"`
	Above spread    `json:"above"` // what the filterless Envoy took in the same round is taken off
	CPU   spread    `json:"cpu"`
	above []float64 // by round
}

// warmUps are rounds that do not count.
const warmUps = 4

func measureVariants(ctx context.Context, o options, m *modules, binary string, r *envoyResult) error {
	rounds, requests := 20, 375
	if o.quick {
		rounds, requests = 5, 100
	}
	var subjects []*subjectEnvoy
	defer func() {
		for _, s := range subjects {
			s.stop()
		}
	}()
	for _, v := range variants() {
		if v.filter != nil && !o.match.MatchString(v.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "envoy: start %s\n", v.name)
		s, err := startVariant(ctx, m, binary, v)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		subjects = append(subjects, s)
	}
	for range warmUps {
		for _, s := range subjects {
			if _, err := s.cost(ctx, requests); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	cpu := make([][]float64, len(subjects))
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "envoy: round %d of %d\n", round+1, rounds)
		for _, i := range rand.Perm(len(subjects)) {
			cost, err := subjects[i].cost(ctx, requests)
			if err != nil {
				return fmt.Errorf("%s: %w", subjects[i].name, err)
			}
			cpu[i] = append(cpu[i], cost)
		}
	}
	for i, s := range subjects {
		result := variantResult{Name: s.name, CPU: spreadOf(cpu[i])}
		for round := range rounds {
			result.above = append(result.above, cpu[i][round]-cpu[0][round])
		}
		result.Above = spreadOf(result.above)
		r.Variants = append(r.Variants, result)
	}
	printVariants(r)
	return nil
}

// subjectEnvoy is a variant that runs.
type subjectEnvoy struct {
	variant
	*running
	load *load
}

func startVariant(ctx context.Context, m *modules, binary string, v variant) (*subjectEnvoy, error) {
	filters, err := v.filters(ctx, m)
	if err != nil {
		return nil, err
	}
	s := &subjectEnvoy{variant: v}
	if s.running, err = startEnvoy(ctx, binary, filters); err != nil {
		return nil, err
	}
	if err := s.check(ctx); err != nil {
		s.process.Stop()
		return nil, err
	}
	if s.load, err = dial(ctx, s.address); err != nil {
		s.process.Stop()
		return nil, err
	}
	return s, nil
}

// check sees that the variant does its job.
func (s *subjectEnvoy) check(ctx context.Context) error {
	if !s.keys {
		return nil
	}
	for key, refused := range map[string]bool{"": true, "nobody's": true, theKey: false} {
		status, err := statusFor(ctx, s.address, key)
		if err != nil {
			return err
		}
		if refused != (status == http.StatusUnauthorized || status == http.StatusForbidden) {
			return fmt.Errorf("key %q: status %d", key, status)
		}
	}
	return nil
}

// cost sends requests on each connection and returns the CPU time of one, in µs.
func (s *subjectEnvoy) cost(ctx context.Context, requests int) (float64, error) {
	if s.heavy {
		requests = max(requests/10, 5)
	}
	before, err := cpuTime(s.pid)
	if err != nil {
		return 0, err
	}
	if err := s.load.send(ctx, requests); err != nil {
		return 0, err
	}
	after, err := cpuTime(s.pid)
	return (after - before).Seconds() * 1e6 / float64(requests*connections), err
}

func (s *subjectEnvoy) stop() {
	s.load.close()
	s.process.Stop()
}

// variant returns a variant's result, nil if it was not measured.
func (r *envoyResult) variant(name string) *variantResult {
	for i := range r.Variants {
		if r.Variants[i].Name == name {
			return &r.Variants[i]
		}
	}
	return nil
}

func printVariants(r *envoyResult) {
	base := r.variant(twinKeyAuth)
	fmt.Printf("\nEnvoy %s: CPU time a request above no filter\n", r.Version)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tµs above (quartiles)\tkey-auth's twin = 1\t")
	for _, v := range r.Variants[1:] {
		against := "–"
		if base != nil {
			against = ratios(v.above, base.above).String()
		}
		fmt.Fprintf(table, "%s\t%v\t%s\t\n", v.Name, v.Above, against)
	}
	fmt.Fprintf(table, "(%s itself)\t%v\t\t\n", noFilter, r.Variants[0].CPU)
	table.Flush()
}
