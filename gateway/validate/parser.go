package validate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/loop"
	"github.com/wasmplane/wasmplane/gateway/plugin"
)

// Parser asks compiled plugins about configurations. Nothing that a plugin does meanwhile leaves the process: its
// call-outs are never answered and its ticks never come. It is not safe for concurrent use.
type Parser struct {
	cacheDir string
	runtime  *abi.Runtime
	modules  map[string]*abi.Module
}

// NewParser returns a parser that keeps compiled code below cacheDir, or in memory only if that is empty.
func NewParser(cacheDir string) *Parser {
	return &Parser{cacheDir: cacheDir, modules: map[string]*abi.Module{}}
}

// Close releases the compiled code.
func (p *Parser) Close(ctx context.Context) error {
	if p.runtime == nil {
		return nil
	}
	var failures []error
	for _, m := range p.modules {
		failures = append(failures, m.Close(ctx))
	}
	return errors.Join(append(failures, p.runtime.Close(ctx))...)
}

// Load is the function for Options. A plugin that is not compiled has no opinion.
func (p *Parser) Load(ctx context.Context, known *catalog.Plugin, wasm string, configuration []byte) ([]string, error) {
	m, err := p.module(ctx, wasm)
	if m == nil || err != nil {
		return nil, err
	}
	var errorLines lines
	host := plugin.NewHost(plugin.Options{
		Log: func(level abi.LogLevel, line string) {
			if level >= abi.LogError {
				errorLines.add(line)
			}
		},
		After: func(*loop.Loop, time.Duration, func()) func() { return func() {} },
	})
	main := loop.New("validate")
	defer main.Stop()
	host.AddWorker(main, silence{})
	loaded, err := host.Load(ctx, plugin.Spec{Name: known.Name, Configuration: configuration, Module: m})
	var refused *plugin.LoadError
	if errors.As(err, &refused) {
		return nil, errors.New(strings.Join(reasons(refused.Lines, refused.Err), "; "))
	}
	if err != nil {
		return nil, err
	}
	loaded.Close()
	return errorLines.unique(), nil
}

func (p *Parser) module(ctx context.Context, file string) (*abi.Module, error) {
	if m := p.modules[file]; m != nil {
		return m, nil
	}
	code, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if p.runtime == nil {
		if p.runtime, err = abi.NewRuntime(ctx, p.cacheDir); err != nil {
			return nil, err
		}
	}
	m, err := p.runtime.Compile(ctx, code, abi.Higress)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p.modules[file] = m
	return m, nil
}

// startFailed is the SDK's last word on any configuration that it refuses.
const startFailed = "plugin start failed"

// reasons are the lines in which a plugin says what it refuses, or the host's own reason if it says nothing.
func reasons(logged []string, err error) []string {
	var out []string
	for _, line := range logged {
		name, text, _ := strings.Cut(line, ": ")
		level, _ := abi.ParseLogLevel(name)
		if text = withoutPrefix(text); level >= abi.LogWarn && text != startFailed && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return []string{err.Error()}
	}
	return out
}

// lines gathers log lines from any goroutine.
type lines struct {
	mu   sync.Mutex
	list []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, withoutPrefix(line))
}

// unique returns each line once, in order: a configuration is loaded twice, on trial and in earnest.
func (l *lines) unique() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, line := range l.list {
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

// withoutPrefix cuts what host and SDK put before a log line: "wasm log <name>: " and words in brackets.
func withoutPrefix(line string) string {
	if rest, ok := strings.CutPrefix(line, "wasm log "); ok {
		_, line, _ = strings.Cut(rest, ": ")
	}
	for range 3 { // plugin name, plugin id, request id
		_, after, ok := strings.Cut(line, "] ")
		if !ok || !strings.HasPrefix(line, "[") {
			break
		}
		line = after
	}
	return line
}

// silence are call-outs that are accepted and never answered.
type silence struct{}

func (silence) HasCluster(string) bool { return true }

func (silence) HTTPCall(string, [][2]string, []byte, time.Duration, func([][2]string, []byte, [][2]string)) (func(), error) {
	return func() {}, nil
}

func (silence) RedisInit(string, string, string, time.Duration) error { return nil }

func (silence) RedisCall(string, []byte, func(bool, []byte)) error { return nil }

func (silence) UpstreamHosts(string) [][2]string { return nil }
