package envoy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/child"
)

// How long Envoy may take to begin and to end. Compiling a large module can take seconds.
const (
	startTimeout = 2 * time.Minute
	stopTimeout  = 5 * time.Second
	pollInterval = 5 * time.Millisecond
)

// ProcessOptions say how an Envoy is run.
type ProcessOptions struct {
	Concurrency int    // worker threads; 0 means 2
	LogLevel    string // of the plugins' log lines, trace to critical; empty means info
	// Log gets Envoy's log, plugins' lines included, and AccessLog the lines of its access log; nil means nobody.
	Log, AccessLog io.Writer
}

// Process is a running Envoy. Its methods are safe for concurrent use.
type Process struct {
	admin       string
	dir         string
	concurrency int
	log, access *lines

	client http.Client
	end    context.CancelFunc // begins the end
	done   chan struct{}      // closed when it is gone
	err    error              // of its end, once done is closed
}

// Start runs an Envoy with a bootstrap configuration until ctx is done or Stop is called, and returns once it is ready.
// An Envoy that ends before is the error, with what it logged. The process has a process group of its own, and on Linux
// it dies with this one however that ends.
func Start(ctx context.Context, binary string, bootstrap []byte, opts ProcessOptions) (*Process, error) {
	dir, err := os.MkdirTemp("", "wasmplane-envoy-")
	if err != nil {
		return nil, err
	}
	p, err := startIn(ctx, dir, binary, bootstrap, opts)
	if err != nil {
		os.RemoveAll(dir)
	}
	return p, err
}

// startIn takes over dir if it succeeds.
func startIn(ctx context.Context, dir, binary string, bootstrap []byte, opts ProcessOptions) (*Process, error) {
	file := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return nil, err
	}
	if opts.Concurrency == 0 {
		opts.Concurrency = 2
	}
	p := &Process{
		dir: dir, concurrency: opts.Concurrency, log: newLines(opts.Log), access: newLines(opts.AccessLog),
		client: http.Client{Transport: &http.Transport{}}, done: make(chan struct{}),
	}
	stopping, cancel := context.WithCancel(context.Background())
	p.end = cancel
	started := make(chan error, 1)
	go p.run(stopping, p.command(binary, file, opts), started)
	if err := <-started; err != nil {
		cancel()
		return nil, err
	}
	context.AfterFunc(ctx, cancel)
	if err := p.awaitReady(ctx); err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

func (p *Process) command(binary, file string, opts ProcessOptions) *exec.Cmd {
	level := opts.LogLevel
	if level == "" {
		level = "info"
	}
	cmd := exec.Command(binary,
		"--config-path", file,
		"--admin-address-path", p.adminFile(),
		"--concurrency", strconv.Itoa(opts.Concurrency),
		"--disable-hot-restart", // and with it the shared memory that two Envoys would dispute
		"--drain-time-s", "0", "--drain-strategy", "immediate",
		"--file-flush-interval-msec", "10",
		"--log-level", "warning", "--component-log-level", "wasm:"+level,
		"--log-format", "%l %v",
	)
	cmd.SysProcAttr = child.Attributes()
	return cmd
}

func (p *Process) adminFile() string { return filepath.Join(p.dir, "admin-address") }

// run starts the command and waits for its end, on one thread: on Linux the death of the thread that started a process
// counts as that of its parent.
func (p *Process) run(stopping context.Context, cmd *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	output := make([]*os.File, 0, 4)
	read := make(chan struct{}, 2)
	for _, to := range []struct {
		file  *io.Writer
		lines *lines
	}{{&cmd.Stdout, p.access}, {&cmd.Stderr, p.log}} {
		r, w, err := os.Pipe()
		if err != nil {
			started <- err
			return
		}
		output = append(output, w)
		*to.file = w
		go func() {
			to.lines.read(r)
			r.Close()
			read <- struct{}{}
		}()
	}
	err := cmd.Start()
	for _, w := range output {
		w.Close()
	}
	if err != nil {
		started <- fmt.Errorf("start envoy: %w", err)
		return
	}
	started <- nil
	killed := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(killed)
		select {
		case <-ended:
		case <-stopping.Done():
			child.Terminate(cmd.Process, ended, stopTimeout)
		}
	}()
	p.err = cmd.Wait()
	close(ended)
	<-killed
	<-read
	<-read
}

// awaitReady waits until Envoy's admin endpoint says that it serves.
func (p *Process) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if p.admin == "" {
			if address, err := os.ReadFile(p.adminFile()); err == nil {
				p.admin = strings.TrimSpace(string(address))
			}
		}
		if p.admin != "" {
			if text, err := p.get(ctx, "/ready"); err == nil && strings.TrimSpace(text) == "LIVE" {
				return nil
			}
		}
		select {
		case <-p.done:
			return p.failure()
		case <-ctx.Done():
			return fmt.Errorf("envoy did not get ready: %w", ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// failure describes an Envoy that ended by itself.
func (p *Process) failure() error {
	said := p.problems(0)
	if said == "" {
		said = "it logged nothing"
	}
	if p.err == nil {
		return errors.New("envoy ended: " + said)
	}
	return fmt.Errorf("envoy ended (%w): %s", p.err, said)
}

// problems returns what was logged after a mark at warning or above.
func (p *Process) problems(mark int) string {
	var out []string
	logged, _, _ := p.log.since(mark)
	for _, line := range logged {
		level, _, _ := strings.Cut(line, " ")
		switch level {
		case "trace", "debug", "info":
		default: // warning and above, and the further lines of a message
			if !slices.ContainsFunc(expectedWarnings, func(text string) bool { return strings.Contains(line, text) }) {
				out = append(out, line)
			}
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// expectedWarnings are parts of warnings that every Envoy with these configurations gives.
var expectedWarnings = []string{
	"no configured limit to the number of allowed active downstream connections",
	"Using deprecated option 'envoy.extensions.wasm.v3.PluginConfig.fail_open'",
}

// Admin is the address of the admin endpoints, "host:port".
func (p *Process) Admin() string { return p.admin }

// Done is closed when the process is gone.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is why the process ended by itself; nil while it runs, and after Stop. It holds what Envoy logged.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.failure()
	default:
		return nil
	}
}

// Stop ends the process and waits until it is gone. Stopping again does nothing.
func (p *Process) Stop() {
	p.end()
	<-p.done
	p.client.CloseIdleConnections()
	os.RemoveAll(p.dir)
}
