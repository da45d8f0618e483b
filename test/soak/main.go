// Command soak sends many mixed requests through the local gateway with key-auth and watches memory: that of the
// process, and the plugin's linear memory. It fails when either grows by more than 5 % between the first fifth of the
// requests and the last.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

const tolerance = 1.05

func main() {
	requests := flag.Int64("n", 1_000_000, "requests")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *requests); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, requests int64) error {
	root := catalog.Checkout(".")
	if root == "" {
		return errors.New("run it inside the checkout")
	}
	p, err := catalog.Find("key-auth")
	if err != nil {
		return err
	}
	if _, err := toolchain.Build(ctx, p); err != nil {
		return err
	}
	manifests, err := p.Manifests(&p.Examples[0])
	if err != nil {
		return err
	}
	g, err := server.New(ctx, server.Config{Listen: "127.0.0.1:0", Admin: "off", Inline: []manifest.File{{Name: "example", Data: manifests}}, LogLevel: "error"})
	if err != nil {
		return err
	}
	defer g.Close()
	go g.Run(ctx, time.Second)

	var sent atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			for n := sent.Add(1); n <= requests && ctx.Err() == nil && failed.Load() == nil; n = sent.Add(1) {
				if err := one(ctx, client, "http://"+g.Addr(), n); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	heap := watch(&sent, requests)
	wait.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	early, late := heap.ratio()
	fmt.Printf("live memory after a fifth of the requests: %.1f MB, at the end: %.1f MB, ratio %.3f\n", early/1e6, late/1e6, late/early)
	if late > early*tolerance {
		return fmt.Errorf("memory grew by %.1f %%", (late/early-1)*100)
	}
	return nil
}

// one sends one of four kinds of requests and checks its status.
func one(ctx context.Context, client *http.Client, base string, n int64) error {
	method, key, body, want := http.MethodGet, "", io.Reader(nil), http.StatusUnauthorized
	switch n % 4 {
	case 1:
		key, want = "key-of-app-a", http.StatusOK
	case 2:
		key, want = "nobody's", http.StatusForbidden
	case 3:
		method, key, body, want = http.MethodPost, "key-of-app-b", strings.NewReader(strings.Repeat("x", 4096)), http.StatusOK
	}
	r, err := http.NewRequestWithContext(ctx, method, base+"/soak", body)
	if err != nil {
		return err
	}
	if key != "" {
		r.Header.Set("x-api-key", key)
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != want {
		return fmt.Errorf("request %d: status %d, not %d", n, res.StatusCode, want)
	}
	return nil
}

// samples are readings of live memory, each with how many requests had been sent.
type samples struct {
	mu   sync.Mutex
	list []sample
	all  int64
}

type sample struct {
	at    int64
	bytes float64
}

// watch reads memory once a second until all requests were sent.
func watch(sent *atomic.Int64, requests int64) *samples {
	s := &samples{all: requests}
	go func() {
		var m runtime.MemStats
		for sent.Load() < requests {
			runtime.GC()
			runtime.ReadMemStats(&m)
			s.mu.Lock()
			s.list = append(s.list, sample{sent.Load(), float64(m.HeapAlloc) + resident()})
			s.mu.Unlock()
			time.Sleep(time.Second)
		}
	}()
	return s
}

// resident is the process's resident memory where the system tells it (Linux), else 0.
func resident() float64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(data), &size, &pages); err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize())
}

// ratio returns the largest readings of the second and of the last fifth.
func (s *samples) ratio() (early, late float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.list {
		switch fifth := x.at * 5 / s.all; fifth {
		case 1:
			early = max(early, x.bytes)
		case 4:
			late = max(late, x.bytes)
		}
	}
	return early, late
}
