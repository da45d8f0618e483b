// Package fetch gets a plugin's module from where its WasmPlugin's url says: a file, a web server or a registry, with
// the rules of Istio's agent for pull policy, digests, retries and the cache on disk. It knows nothing of gateways.
package fetch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/oci"
)

// Defaults of Options: those of Istio's agent.
const (
	defaultTimeout  = 30 * time.Second
	defaultAttempts = 5
	defaultBackoff  = 500 * time.Millisecond
)

// Pull policies, as in a WasmPlugin. The empty one is Always for images with the tag latest, IfNotPresent otherwise.
const (
	IfNotPresent = "IfNotPresent"
	Always       = "Always"
)

// Options change how modules are fetched. The zero value is what production does, without a cache on disk.
type Options struct {
	CacheDir string // empty keeps modules in memory
	// InsecureRegistries may be spoken to over plain HTTP, as loopback ones always may.
	InsecureRegistries []string
	Transport          http.RoundTripper // nil means one like http.DefaultTransport
	Timeout            time.Duration     // of a fetch with all its attempts; 0 means 30 s
	Attempts           int               // 0 means 5
	Backoff            time.Duration     // before the second attempt, doubled for each further one; 0 means 500 ms
	// Starting is told of an address that must be connected to, because the cache does not answer. It may be called from
	// several goroutines.
	Starting func(address string)
	// Retrying is told of a failed attempt that will be repeated. It may be called from several goroutines.
	Retrying func(address string, err error, after time.Duration)
}

// Fetcher gets modules. It is safe for concurrent use; fetches of the same address run one after the other.
type Fetcher struct {
	options Options
	cache   *cache
	web     *http.Client

	closeIdle func() // of the fetcher's own transport; nil when it has none

	mu   sync.Mutex
	busy map[string]chan struct{} // closed when the fetch of that address ends
}

// New makes a fetcher.
func New(options Options) *Fetcher {
	options.Timeout = cmp.Or(options.Timeout, defaultTimeout)
	options.Attempts = cmp.Or(options.Attempts, defaultAttempts)
	options.Backoff = cmp.Or(options.Backoff, defaultBackoff)
	f := &Fetcher{cache: newCache(options.CacheDir), busy: map[string]chan struct{}{}}
	if options.Transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		options.Transport, f.closeIdle = own, own.CloseIdleConnections
	}
	if options.Starting == nil {
		options.Starting = func(string) {}
	}
	if options.Retrying == nil {
		options.Retrying = func(string, error, time.Duration) {}
	}
	f.options, f.web = options, &http.Client{Transport: options.Transport, CheckRedirect: keepTLS}
	return f
}

// Close closes connections that are kept for a next fetch, unless Options.Transport has them.
func (f *Fetcher) Close() {
	if f.closeIdle != nil {
		f.closeIdle()
	}
}

// Source says which module is wanted.
type Source struct {
	URL    string
	SHA256 string // of the module, or for an image of its manifest; with or without "sha256:", empty means any
	Policy string // "", IfNotPresent or Always
	// Logins are those of the imagePullSecret; nil means that there is none, and Docker's configuration is used.
	Logins oci.Logins
}

// Module is a fetched module.
type Module struct {
	Code   []byte
	SHA256 string // of Code, hexadecimal
	// Image is the digest of the image's manifest, sha256:…; "" for other URLs.
	Image string
	// Cached says that Code was not transferred now.
	Cached bool

	index string // digest of the index that Image is in, or ""
}

// Fetch gets a module. It may take as long as Options.Timeout, so it must not be called on an event loop.
func (f *Fetcher) Fetch(ctx context.Context, s Source) (*Module, error) {
	scheme, err := check(s)
	if err != nil {
		return nil, err
	}
	if scheme == "file" {
		return readFile(s)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.options.Timeout, fmt.Errorf("not finished within %v", f.options.Timeout))
	defer cancel()
	done, err := f.begin(ctx, s.URL)
	if err != nil {
		return nil, err
	}
	defer done()
	f.cache.purge(time.Now())
	if scheme == "http" || scheme == "https" {
		return f.fromWeb(ctx, s)
	}
	return f.fromRegistry(ctx, s)
}

// begin waits until no other fetch of the address runs.
func (f *Fetcher) begin(ctx context.Context, address string) (done func(), err error) {
	for {
		f.mu.Lock()
		other := f.busy[address]
		if other == nil {
			mine := make(chan struct{})
			f.busy[address] = mine
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				delete(f.busy, address)
				f.mu.Unlock()
				close(mine)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", Redacted(address), context.Cause(ctx))
		}
	}
}

func bare(digest string) string { return strings.ToLower(strings.TrimPrefix(digest, "sha256:")) }

func isDigest(hexadecimal string) bool {
	b, err := hex.DecodeString(hexadecimal)
	return err == nil && len(b) == sha256.Size
}

func digestOf(code []byte) string {
	sum := sha256.Sum256(code)
	return hex.EncodeToString(sum[:])
}

// Redacted is an address without the password that it may hold.
func Redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	if i := strings.LastIndexByte(address, '@'); i >= 0 && strings.Contains(address, "://") {
		return "…" + address[i:]
	}
	return address
}

func readFile(s Source) (*Module, error) {
	file, err := filePath(s.URL)
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !oci.IsModule(code) {
		return nil, fmt.Errorf("%s is not a wasm module", file)
	}
	m := &Module{Code: code, SHA256: digestOf(code)}
	return m, m.verify(s)
}

// DigestError says that what was fetched is not what the sha256 asks for.
type DigestError struct{ What, Got, Want string }

// Error implements error.
func (e *DigestError) Error() string {
	return fmt.Sprintf("the %s's digest is %s, not %s", e.What, e.Got, e.Want)
}

// verify compares a module that is not from an image with the digest that is wanted.
func (m *Module) verify(s Source) error {
	if want := bare(s.SHA256); want != "" && want != m.SHA256 {
		return &DigestError{"module", m.SHA256, want}
	}
	return nil
}

// retry runs attempt until it succeeds, fails for good, or there were enough attempts.
func (f *Fetcher) retry(ctx context.Context, address string, attempt func() (err error, again bool)) error {
	f.options.Starting(Redacted(address))
	wait := f.options.Backoff
	for i := 1; ; i++ {
		err, again := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", err, context.Cause(ctx))
		}
		if !again {
			return err
		}
		if i == f.options.Attempts {
			return fmt.Errorf("after %d attempts: %w", i, err)
		}
		f.options.Retrying(Redacted(address), err, wait)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("after %d attempts: %w: %w", i, err, context.Cause(ctx))
		}
		wait *= 2
	}
}
