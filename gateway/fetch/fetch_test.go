package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/oci"
)

func wasm(ballast string) []byte { return append([]byte("\x00asm\x01\x00\x00\x00"), ballast...) }

// source is a server that counts requests and can be made to misbehave.
type source struct {
	*httptest.Server
	host    string
	handler atomic.Pointer[http.HandlerFunc]
	count   atomic.Int64 // of GETs other than /v2/
}

func newSource(t *testing.T, handler http.HandlerFunc) *source {
	t.Helper()
	s := &source{}
	s.handler.Store(&handler)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path != "/v2/" {
			s.count.Add(1)
		}
		(*s.handler.Load())(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	s.host = s.Listener.Addr().String()
	return s
}

func newRegistry(t *testing.T) *source {
	return newSource(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))).ServeHTTP)
}

// push puts a module under references like "p:1" and returns the image's digest.
func (s *source) push(t *testing.T, module []byte, references ...string) string {
	t.Helper()
	img, err := oci.Build(oci.Contents{Module: module}, oci.FormatImage)
	require.NoError(t, err)
	for i := range references {
		references[i] = s.host + "/" + references[i]
	}
	done, err := (&oci.Client{Keychain: oci.Logins{}}).Push(t.Context(), img, references, nil)
	require.NoError(t, err)
	s.count.Store(0)
	return done[0].Digest
}

func (s *source) replace(handler http.HandlerFunc) { s.handler.Store(&handler) }

// newFetcher makes a fetcher that is quick to try again.
func newFetcher(t *testing.T, options Options) *Fetcher {
	t.Helper()
	if options.Backoff == 0 {
		options.Backoff = time.Millisecond
	}
	f := New(options)
	t.Cleanup(f.Close)
	return f
}

func packed(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	require.NoError(t, archive.WriteHeader(&tar.Header{Name: "folder/", Typeflag: tar.TypeDir, Mode: 0o755}))
	for _, file := range files {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: "file", Mode: 0o644, Size: int64(len(file))}))
		_, err := archive.Write([]byte(file))
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	return out.Bytes()
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestFromAWebServer(t *testing.T) {
	module := wasm("web")
	for _, c := range []struct {
		name    string
		body    []byte
		problem string
	}{
		{"a module", module, ""},
		{"a module in gzip", zipped(t, module), ""},
		{"the first file of a tar archive", packed(t, string(module), "second"), ""},
		{"the first file of a tar archive in gzip", zipped(t, packed(t, string(module))), ""},
		{"a page", []byte("<html>"), "not a wasm module"},
		{"nothing", nil, "not a wasm module"},
		{"a tar archive whose first file is something else", packed(t, "x", string(module)), "not a wasm module"},
		{"broken gzip", zipped(t, module)[:20], "gzip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSource(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(c.body) })
			m, err := newFetcher(t, Options{}).Fetch(t.Context(), Source{URL: s.URL + "/p.wasm"})
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				assert.ErrorContains(t, err, s.URL+"/p.wasm")
				assert.EqualValues(t, 1, s.count.Load(), "it is not asked for again")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, &Module{Code: module, SHA256: digestOf(module)}, m)
		})
	}
}

func TestAttempts(t *testing.T) {
	for _, c := range []struct {
		name     string
		status   int
		attempts int64
	}{
		{"500", 500, 5}, {"503", 503, 5}, {"429", 429, 5}, {"501", 501, 1}, {"505", 505, 1}, {"511", 511, 1}, {"404", 404, 1}, {"403", 403, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSource(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) })
			var waits []time.Duration
			f := newFetcher(t, Options{Retrying: func(address string, err error, after time.Duration) {
				assert.Equal(t, s.URL+"/p.wasm", address)
				assert.ErrorContains(t, err, c.name)
				waits = append(waits, after)
			}})
			_, err := f.Fetch(t.Context(), Source{URL: s.URL + "/p.wasm"})
			require.ErrorContains(t, err, "the server answers "+c.name)
			assert.Equal(t, c.attempts, s.count.Load())
			if c.attempts > 1 {
				assert.ErrorContains(t, err, "after 5 attempts")
				assert.Equal(t, []time.Duration{time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond, 8 * time.Millisecond}, waits)
			}
		})
	}
	t.Run("a later attempt may succeed", func(t *testing.T) {
		r := newRegistry(t)
		r.push(t, wasm("a"), "p:1")
		good := *r.handler.Load()
		var failures atomic.Int64
		r.replace(func(w http.ResponseWriter, req *http.Request) {
			if strings.Contains(req.URL.Path, "/manifests/") && failures.Add(1) <= 3 {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			good(w, req)
		})
		m, err := newFetcher(t, Options{}).Fetch(t.Context(), Source{URL: r.host + "/p:1"})
		require.NoError(t, err)
		assert.Equal(t, wasm("a"), m.Code)
		assert.EqualValues(t, 4, failures.Load())
	})
	t.Run("there is a limit in time", func(t *testing.T) {
		s := newSource(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
		f := newFetcher(t, Options{Timeout: 50 * time.Millisecond, Backoff: time.Hour})
		_, err := f.Fetch(t.Context(), Source{URL: s.URL})
		assert.ErrorContains(t, err, "not finished within 50ms")
		assert.ErrorContains(t, err, "503", "the last failure is told, too")
	})
	t.Run("a fetch can be called off", func(t *testing.T) {
		asked, release := make(chan struct{}), make(chan struct{})
		s := newSource(t, func(_ http.ResponseWriter, r *http.Request) {
			close(asked)
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		defer close(release)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-asked; cancel() }()
		_, err := newFetcher(t, Options{}).Fetch(ctx, Source{URL: s.URL})
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestPullPolicies(t *testing.T) {
	for _, c := range []struct {
		name, reference, policy string
		second                  string // what the fetch after the tag moved gives
	}{
		{"IfNotPresent keeps what a tag gave first", "p:latest", IfNotPresent, "one"},
		{"Always looks again", "p:1", Always, "two"},
		{"without a policy a version is kept", "p:1", "", "one"},
		{"without a policy latest is looked at again", "p:latest", "", "two"},
		{"no tag is latest", "p", "", "two"},
	} {
		for _, dir := range []string{"", t.TempDir()} {
			t.Run(c.name, func(t *testing.T) {
				r := newRegistry(t)
				first := r.push(t, wasm("one"), c.reference)
				f := newFetcher(t, Options{CacheDir: dir})
				s := Source{URL: "oci://" + r.host + "/" + c.reference, Policy: c.policy}
				m, err := f.Fetch(t.Context(), s)
				require.NoError(t, err)
				assert.Equal(t, &Module{Code: wasm("one"), SHA256: digestOf(wasm("one")), Image: first}, m)

				r.push(t, wasm("two"), c.reference)
				m, err = f.Fetch(t.Context(), s)
				require.NoError(t, err)
				assert.Equal(t, string(wasm(c.second)), string(m.Code))
				assert.Equal(t, c.second == "one", m.Cached)

				if c.second == "two" {
					r.count.Store(0)
					m, err = f.Fetch(t.Context(), s)
					require.NoError(t, err)
					assert.True(t, m.Cached)
					assert.EqualValues(t, 1, r.count.Load(), "the same image again costs its manifest, not its layer")
				}
			})
		}
	}
	t.Run("a digest is never looked at again", func(t *testing.T) {
		r := newRegistry(t)
		digest := r.push(t, wasm("one"), "p:1")
		dir := t.TempDir()
		s := Source{URL: "oci://" + r.host + "/p@" + digest, Policy: Always}
		_, err := newFetcher(t, Options{CacheDir: dir}).Fetch(t.Context(), s)
		require.NoError(t, err)
		r.Close()
		m, err := newFetcher(t, Options{CacheDir: dir, Attempts: 1}).Fetch(t.Context(), s)
		require.NoError(t, err, "another process has it from the disk, without the registry")
		assert.Equal(t, wasm("one"), m.Code)
		assert.Equal(t, digest, m.Image)
	})
	t.Run("web servers", func(t *testing.T) {
		s := newSource(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(wasm("one")) })
		f := newFetcher(t, Options{})
		for i, policy := range []string{"", IfNotPresent, Always} {
			m, err := f.Fetch(t.Context(), Source{URL: s.URL, Policy: policy})
			require.NoError(t, err)
			assert.Equal(t, i == 1, m.Cached, policy)
		}
		m, err := f.Fetch(t.Context(), Source{URL: s.URL + "/elsewhere", Policy: Always, SHA256: digestOf(wasm("one"))})
		require.NoError(t, err)
		assert.True(t, m.Cached, "what is known by its digest is not asked for, wherever it is")
	})
}

func TestDigests(t *testing.T) {
	r := newRegistry(t)
	image := r.push(t, wasm("one"), "p:1")
	web := newSource(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(wasm("one")) })
	file := filepath.Join(t.TempDir(), "p.wasm")
	require.NoError(t, os.WriteFile(file, wasm("one"), 0o600))
	module, other := digestOf(wasm("one")), strings.Repeat("ab", 32)
	for _, c := range []struct {
		name, url, sha256 string
		problem           string
	}{
		{"an image's", r.host + "/p:1", image, ""},
		{"an image's, without the algorithm, in capitals", r.host + "/p:1", strings.ToUpper(bare(image)), ""},
		{"an image's module is not the image", r.host + "/p:1", module, "the image's digest is " + bare(image) + ", not " + module},
		{"another image", r.host + "/p:1", other, "the image's digest is"},
		{"a digest twice", r.host + "/p@" + image, image, ""},
		{"two digests", r.host + "/p@" + image, other, "names another digest than sha256 " + other},
		{"a download's", web.URL, module, ""},
		{"another download", web.URL, other, "the module's digest is " + module + ", not " + other},
		{"a file's", "file://" + file, module, ""},
		{"another file", "file://" + file, other, "the module's digest is " + module},
		{"nonsense", r.host + "/p:1", "abc", "must be 64 hexadecimal digits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFetcher(t, Options{})
			for range 2 { // the second time the cache knows the tag
				m, err := f.Fetch(t.Context(), Source{URL: c.url, SHA256: c.sha256})
				if c.problem != "" {
					require.ErrorContains(t, err, c.problem)
					continue
				}
				require.NoError(t, err)
				assert.Equal(t, wasm("one"), m.Code)
			}
		})
	}
}

func TestAPullSecretIsUsed(t *testing.T) {
	var logins sync.Map
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	real := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, ok := r.BasicAuth()
		logins.Store(user, true)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		real.ServeHTTP(w, r)
	})
	host := s.Listener.Addr().String()
	keys := oci.Logins{host: authn.AuthConfig{Username: "robot", Password: "p"}}
	img, err := oci.Build(oci.Contents{Module: wasm("one")}, oci.FormatImage)
	require.NoError(t, err)
	_, err = (&oci.Client{Keychain: keys, Transport: s.Client().Transport}).Push(t.Context(), img, []string{host + "/p:1"}, nil)
	require.NoError(t, err)

	f := newFetcher(t, Options{Transport: s.Client().Transport})
	_, err = f.Fetch(t.Context(), Source{URL: "oci://" + host + "/p:1", Logins: oci.Logins{"r.example": authn.AuthConfig{Username: "other", Password: "p"}}})
	require.ErrorIs(t, err, oci.ErrUnauthorized, "a secret for another registry is not used, nor what the machine has")
	_, used := logins.Load("other")
	assert.False(t, used)
	m, err := f.Fetch(t.Context(), Source{URL: "oci://" + host + "/p:1", Logins: keys})
	require.NoError(t, err)
	assert.Equal(t, wasm("one"), m.Code)
	_, used = logins.Load("robot")
	assert.True(t, used)
}

func TestFetchesOfTheSameAddressShareTheTransfer(t *testing.T) {
	r := newRegistry(t)
	r.push(t, wasm("one"), "p:1")
	f := newFetcher(t, Options{})
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			m, err := f.Fetch(t.Context(), Source{URL: r.host + "/p:1"})
			if assert.NoError(t, err) {
				assert.Equal(t, wasm("one"), m.Code)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 2, r.count.Load(), "one manifest and one layer")
}

func TestRedirects(t *testing.T) {
	plain := newSource(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(wasm("one")) })
	tls := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL, http.StatusFound)
	}))
	defer tls.Close()
	f := newFetcher(t, Options{Transport: tls.Client().Transport})
	_, err := f.Fetch(t.Context(), Source{URL: tls.URL})
	require.ErrorContains(t, err, "a redirect from https to http is not followed")
	assert.Zero(t, plain.count.Load())
	other := newSource(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) })
	m, err := f.Fetch(t.Context(), Source{URL: other.URL})
	require.NoError(t, err)
	assert.Equal(t, wasm("one"), m.Code)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln.Close()
	_, err = newFetcher(t, Options{Attempts: 2}).Fetch(t.Context(), Source{URL: "http://" + ln.Addr().String()})
	require.ErrorContains(t, err, "after 2 attempts")
	assert.ErrorContains(t, err, "connection refused")
}
