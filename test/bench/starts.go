package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// startResult is what an Envoy with one worker takes to begin with a number of plugins, which are different modules.
type startResult struct {
	Name    string    `json:"name"`
	Plugins int       `json:"plugins"`
	Seconds spread    `json:"seconds"` // until the first response
	CPU     spread    `json:"cpu"`     // seconds until then
	Memory  spread    `json:"memory"`  // resident bytes after some requests, above no filter
	seconds []float64 // by round
	memory  []float64
}

// starting is a startResult to be.
type starting struct {
	startResult
	filters []any
	cpu     []float64
}

func measureStarts(ctx context.Context, o options, m *modules, binary string, r *envoyResult) error {
	rounds, most := 5, 10
	if o.quick {
		rounds, most = 1, 3
	}
	list, err := startings(ctx, o, m, most)
	if err != nil {
		return err
	}
	for round := range rounds {
		for _, s := range list {
			if s.Plugins > 1 && round >= 2 {
				continue // long, and the shorter ones tell the spread
			}
			fmt.Fprintf(os.Stderr, "envoy: start %s, %d, round %d of %d\n", s.Name, s.Plugins, round+1, rounds)
			if err := s.once(ctx, binary); err != nil {
				return fmt.Errorf("%s, %d plugins: %w", s.Name, s.Plugins, err)
			}
		}
	}
	for _, s := range list {
		for i := range s.memory {
			if s != list[0] {
				s.memory[i] -= list[0].memory[i]
			}
		}
		s.Seconds, s.CPU, s.Memory = spreadOf(s.seconds), spreadOf(s.cpu), spreadOf(s.memory)
		r.Starts = append(r.Starts, s.startResult)
	}
	printStarts(r)
	return nil
}

// startings are no filter, each plugin alone, and key-auth several times.
func startings(ctx context.Context, o options, m *modules, most int) ([]*starting, error) {
	list := []*starting{{startResult: startResult{Name: noFilter}}}
	for _, p := range []struct {
		name          string
		module        build
		configuration []byte
	}{
		{plainEmpty, foreignAt(filepath.Join("test", "bench", "plain", "empty")), nil},
		{oursEmpty, oursAt(subject("empty")), nil},
		{twinKeyAuth, foreignAt(twin(keyAuth)), keyAuthRules(domainRules, 10)},
		{oursKeyAuth, oursAt(extension(keyAuth)), keyAuthRules(domainRules, 10)},
	} {
		if !o.match.MatchString(p.name) {
			continue
		}
		path, err := p.module(ctx, m)
		if err != nil {
			return nil, err
		}
		if path, err = m.forEnvoy(path); err != nil {
			return nil, err
		}
		paths, err := copies(path, filepath.Dir(path), most)
		if err != nil {
			return nil, err
		}
		counts := []int{1}
		if p.configuration != nil {
			counts = append(counts, most)
		}
		for _, n := range counts {
			s := &starting{startResult: startResult{Name: p.name, Plugins: n}}
			for _, path := range paths[:n] {
				s.filters = append(s.filters, wasmFilter(path, p.configuration))
			}
			list = append(list, s)
		}
	}
	return list, nil
}

// once starts an Envoy, waits for its first response, and reads its memory after some requests.
func (s *starting) once(ctx context.Context, binary string) error {
	begin := time.Now()
	e, err := startEnvoy(ctx, binary, s.filters)
	if err != nil {
		return err
	}
	defer e.process.Stop()
	l, err := dial(ctx, e.address)
	if err != nil {
		return err
	}
	defer l.close()
	s.seconds = append(s.seconds, time.Since(begin).Seconds())
	cpu, err := cpuTicks(e.pid)
	if err != nil {
		return err
	}
	s.cpu = append(s.cpu, cpu.Seconds())
	if err := l.send(ctx, 100); err != nil {
		return err
	}
	memory, err := resident(e.pid)
	s.memory = append(s.memory, float64(memory))
	return err
}

// start returns a result, nil if it was not measured.
func (r *envoyResult) start(name string, plugins int) *startResult {
	for i := range r.Starts {
		if r.Starts[i].Name == name && r.Starts[i].Plugins == plugins {
			return &r.Starts[i]
		}
	}
	return nil
}

func printStarts(r *envoyResult) {
	fmt.Printf("\nEnvoy %s: start, and memory with one worker\n", r.Version)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tplugins\tseconds until ready\tCPU seconds\tMB above no filter\t")
	for _, s := range r.Starts {
		memory := "–"
		if s.Plugins > 0 {
			memory = fmt.Sprintf("%.0f", s.Memory.Median/1e6)
		}
		fmt.Fprintf(table, "%s\t%d\t%v\t%.2f\t%s\t\n", s.Name, s.Plugins, s.Seconds, s.CPU.Median, memory)
	}
	table.Flush()
}
