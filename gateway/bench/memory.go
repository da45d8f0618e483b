package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// AllocationProbe is the source of a file that, added to the main package of a Go plugin, lets Allocated ask how much
// the guest has allocated. It exports a callback that no plugin has.
const AllocationProbe = `package main

import (
	"runtime"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

//go:wasmexport proxy_on_foreign_function
func allocationProbe(uint32, uint32, uint32) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	proxywasm.LogCritical("` + allocationLine + `" + strconv.FormatUint(m.TotalAlloc, 10) + " " + strconv.FormatUint(m.Mallocs, 10))
}
`

const allocationLine = "allocation probe: "

// Allocations are what a guest takes from its heap for a request, what the host has it allocate included.
type Allocations struct {
	Bytes   float64
	Objects float64
}

// Allocated measures a module that was compiled with AllocationProbe. Profile, CacheDir and Requests of opts count.
func Allocated(ctx context.Context, s Subject, request Request, opts Options) (Allocations, error) {
	if opts.Requests == 0 {
		opts.Requests = 2000
	}
	runtime, err := abi.NewRuntime(ctx, opts.CacheDir)
	if err != nil {
		return Allocations{}, err
	}
	defer runtime.Close(ctx)
	g, err := load(ctx, runtime, opts.Profile, s, request)
	if err != nil {
		return Allocations{}, err
	}
	defer g.vm.Close()
	if err := g.repeat(ctx, &request, 100); err != nil {
		return Allocations{}, err
	}
	before, err := g.allocated()
	if err != nil {
		return Allocations{}, err
	}
	if err := g.repeat(ctx, &request, opts.Requests); err != nil {
		return Allocations{}, err
	}
	after, err := g.allocated()
	n := float64(opts.Requests)
	return Allocations{Bytes: (after.Bytes - before.Bytes) / n, Objects: (after.Objects - before.Objects) / n}, err
}

// allocated asks the guest for its totals.
func (g *guest) allocated() (Allocations, error) {
	g.lastLines = nil
	if err := g.vm.OnForeignFunction(g.rootID, 0, nil); err != nil {
		return Allocations{}, err
	}
	for _, line := range g.lastLines {
		rest, ok := strings.CutPrefix(line, allocationLine)
		bytes, objects, _ := strings.Cut(rest, " ")
		b, errBytes := strconv.ParseFloat(bytes, 64)
		o, errObjects := strconv.ParseFloat(objects, 64)
		if ok && errBytes == nil && errObjects == nil {
			return Allocations{b, o}, nil
		}
	}
	return Allocations{}, fmt.Errorf("%s: %w", g.subject.Path, errors.New("the module was not compiled with the allocation probe"))
}

// Growth runs the requests in turns and returns the bytes of linear memory after each of the numbers of requests, which
// rise. Linear memory never shrinks. Profile and CacheDir of opts count.
func Growth(ctx context.Context, s Subject, requests []Request, after []int, opts Options) ([]uint64, error) {
	runtime, err := abi.NewRuntime(ctx, opts.CacheDir)
	if err != nil {
		return nil, err
	}
	defer runtime.Close(ctx)
	g, err := load(ctx, runtime, opts.Profile, s, requests[0])
	if err != nil {
		return nil, err
	}
	defer g.vm.Close()
	sizes := make([]uint64, 0, len(after))
	sent := 0
	for _, n := range after {
		for ; sent < n; sent++ {
			if err := g.repeat(ctx, &requests[sent%len(requests)], 1); err != nil {
				return nil, err
			}
		}
		sizes = append(sizes, g.vm.MemorySize())
	}
	return sizes, nil
}

func (g *guest) repeat(ctx context.Context, r *Request, n int) error {
	for range n {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.exchange(r); err != nil {
			return fmt.Errorf("%s: %w", g.name(), err)
		}
	}
	return nil
}
