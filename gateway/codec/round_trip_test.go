package codec

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
	"golang.org/x/net/http2"
)

// echo sends the request body and trailers back as they come, throttled by the watermarks in both directions.
func echo(r *recorder, what string) {
	switch what {
	case "headers":
		r.sender.SendHeaders(header.New([2]string{":status", "200"}, [2]string{"path", r.headers.Value(":path")}), r.end)
	case "data":
		r.mu.Lock()
		data := r.body
		r.body = nil
		end := r.end
		r.mu.Unlock()
		r.sender.SendData(data, end)
	case "trailers":
		r.sender.SendTrailers(r.trailer)
	case "buffer":
		r.mu.Lock()
		high := r.buffer[len(r.buffer)-1]
		r.mu.Unlock()
		r.sender.ReadDisable(high)
	}
}

func protocols(t *testing.T, f func(t *testing.T, h2 bool)) {
	t.Run("HTTP/1.1", func(t *testing.T) { f(t, false) })
	t.Run("HTTP/2", func(t *testing.T) { f(t, true) })
}

func TestRoundTripOf200StreamsWith1MiB(t *testing.T) {
	protocols(t, func(t *testing.T, h2 bool) {
		checkGoroutines(t)
		s := startServer(t, ServerConfig{}, echo)
		p := startPool(t, PoolConfig{HTTP2: h2, ConnectTimeout: time.Minute})
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				body := bytes.Repeat(sha256.New().Sum(fmt.Append(nil, i)), 1<<20/32)[:1<<20]
				r := newRecorder()
				x := p.Request(s.addr, r)
				x.SendHeaders(requestTo([2]string{":method", "POST"}, [2]string{":path", fmt.Sprintf("//%d?q;r", i)}, [2]string{"trailer", "sum"}), false)
				for piece := range slices.Chunk(body, 50_000) {
					x.SendData(slices.Clone(piece), false)
				}
				x.SendTrailers(header.New([2]string{"sum", "x"}))
				select {
				case <-overOf(r):
				case <-time.After(3 * patience):
					t.Errorf("%d hangs with %d bytes", i, len(r.body))
					return
				}
				if !bytes.Equal(r.body, body) || r.trailer.Value("sum") != "x" || r.headers.Value("path") != fmt.Sprintf("//%d?q;r", i) {
					t.Errorf("%d: %d bytes, reset %v, headers %v, trailers %v", i, len(r.body), r.reset, r.headers.Pairs(), r.trailer.Pairs())
				}
			})
		}
		wg.Wait()
	})
}

// overOf closes the returned channel when the exchange is over.
func overOf(r *recorder) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		for {
			r.mu.Lock()
			done, changed := r.end || r.reset != nil, r.changed
			r.mu.Unlock()
			if done {
				close(over)
				return
			}
			select {
			case <-changed:
			case <-time.After(4 * patience):
				return
			}
		}
	}()
	return over
}

func TestEventsFlowOneByOne(t *testing.T) {
	protocols(t, func(t *testing.T, h2 bool) {
		checkGoroutines(t)
		s := startServer(t, ServerConfig{}, nil)
		up := newRecorder()
		x := startPool(t, PoolConfig{HTTP2: h2}).Request(s.addr, up)
		x.SendHeaders(requestTo(), false)
		down := s.next(t)
		down.sender.SendHeaders(header.New([2]string{":status", "200"}), false)
		up.wait(t, "headers", func() bool { return up.headers != nil })
		var sent string
		for i := range 5 { // each waits for the one before, in both directions
			sent += fmt.Sprint(i)
			x.SendData(fmt.Append(nil, i), false)
			down.wait(t, "data", func() bool { return string(down.body) == sent })
			down.sender.SendData(fmt.Append(nil, i), false)
			up.wait(t, "event", func() bool { return string(up.body) == sent })
		}
		x.SendData(nil, true)
		down.waitOver(t)
		down.sender.SendData(nil, true)
		up.waitOver(t)
		if up.reset != nil || down.reset != nil {
			t.Errorf("resets %v %v", up.reset, down.reset)
		}
	})
}

func TestResets(t *testing.T) {
	protocols(t, func(t *testing.T, h2 bool) {
		for name, c := range map[string]struct {
			headers bool
			want    []ResetKind
		}{
			"before headers": {false, []ResetKind{ConnectionTermination, RemoteReset}},
			"after headers":  {true, []ResetKind{ResetAfterHeaders}},
		} {
			t.Run("server "+name, func(t *testing.T) {
				checkGoroutines(t)
				s := startServer(t, ServerConfig{}, nil)
				up := newRecorder()
				startPool(t, PoolConfig{HTTP2: h2}).Request(s.addr, up).SendHeaders(requestTo(), true)
				down := s.next(t)
				if c.headers {
					down.sender.SendHeaders(header.New([2]string{":status", "200"}), false)
					up.wait(t, "headers", func() bool { return up.headers != nil })
				}
				down.sender.Reset()
				up.waitOver(t)
				if up.reset == nil || !slices.Contains(c.want, up.reset.Kind) || up.reset.AfterHeaders != c.headers {
					t.Errorf("got %s", up)
				}
			})
		}
		t.Run("client", func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, nil)
			x := startPool(t, PoolConfig{HTTP2: h2}).Request(s.addr, newRecorder())
			x.SendHeaders(requestTo(), true)
			down := s.next(t)
			x.Reset()
			down.wait(t, "reset", func() bool { return down.reset != nil })
			if k := down.reset.Kind; k != ConnectionTermination && k != RemoteReset {
				t.Errorf("got %v", down.reset)
			}
		})
		t.Run("a peer that takes nothing", func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, nil)
			p := startPool(t, PoolConfig{HTTP2: h2})
			up := newRecorder()
			x := p.Request(s.addr, up)
			x.ReadDisable(true)
			x.SendHeaders(requestTo(), true)
			down := s.next(t)
			down.sender.SendHeaders(header.New([2]string{":status", "200"}), false)
			down.sender.SendData(make([]byte, 64<<20), false)
			down.wait(t, "high watermark", func() bool { return len(down.buffer) == 1 })

			other := newRecorder() // is not held up by the first
			p.Request(s.addr, other).SendHeaders(requestTo(), true)
			s.next(t).sender.SendHeaders(header.New([2]string{":status", "204"}), true)
			other.waitOver(t)
			if !other.end {
				t.Errorf("got %s", other)
			}
			down.sender.Reset()
			x.Reset()
		})
	})
}

func TestGoClientAgainstOurServer(t *testing.T) {
	protocols(t, func(t *testing.T, h2 bool) {
		checkGoroutines(t)
		s := startServer(t, ServerConfig{}, echo)
		var rt http.RoundTripper = &http.Transport{}
		if h2 {
			rt = &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, _, addr string, _ *tls.Config) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", addr)
			}}
		}
		client := &http.Client{Transport: rt}
		defer client.CloseIdleConnections()
		body := strings.Repeat("0123456789", 100_000)
		for range 3 {
			req, _ := http.NewRequest("PUT", "http://"+s.addr+"/a?b", io.MultiReader(strings.NewReader(body)))
			req.Trailer = http.Header{"Sum": {"1"}}
			req.Header["Cookie"] = []string{"a=1; b=2"}
			req.Header.Set("Expect", "100-continue")
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(res.Body)
			if err != nil || string(got) != body || res.Trailer.Get("Sum") != "1" || res.Header.Get("Path") != "/a?b" {
				t.Errorf("%d bytes, %v, trailer %v, header %v", len(got), err, res.Trailer, res.Header)
			}
			if res.Header.Get("Date")+res.Header.Get("Content-Type") != "" {
				t.Errorf("headers that nobody set: %v", res.Header)
			}
			r := s.next(t)
			r.wait(t, "headers", func() bool { return r.headers != nil })
			if c := r.headers.Values("cookie"); !slices.Equal(c, []string{"a=1; b=2"}) {
				t.Errorf("cookie %q", c)
			}
			if want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[h2]; r.conn.Protocol != want {
				t.Errorf("protocol %s", r.conn.Protocol)
			}
		}
	})
}

func TestOurClientAgainstGoServer(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("uri", r.RequestURI)
		w.Header().Set("sum", r.Header.Get("user-agent"))
		http.NewResponseController(w).EnableFullDuplex()
		if r.Method == "POST" {
			io.Copy(w, r.Body)
			w.Header().Set(http.TrailerPrefix+"T", r.Trailer.Get("T"))
		}
	}
	for _, c := range []struct{ h2, tls bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		t.Run(fmt.Sprintf("h2 %v tls %v", c.h2, c.tls), func(t *testing.T) {
			checkGoroutines(t)
			srv := httptest.NewUnstartedServer(http.HandlerFunc(handler))
			srv.Config.Protocols = new(http.Protocols)
			srv.Config.Protocols.SetHTTP1(true)
			srv.Config.Protocols.SetHTTP2(true)
			srv.Config.Protocols.SetUnencryptedHTTP2(true)
			srv.EnableHTTP2 = c.h2
			cfg := PoolConfig{HTTP2: c.h2}
			if c.tls {
				srv.StartTLS()
				roots := x509.NewCertPool()
				roots.AddCert(srv.Certificate())
				cfg.TLS = &tls.Config{RootCAs: roots, ServerName: "example.com"}
			} else {
				srv.Start()
			}
			defer srv.Close()
			p := startPool(t, cfg)
			body := strings.Repeat("x", 300_000)
			for range 2 {
				r := newRecorder()
				x := p.Request(srv.Listener.Addr().String(), r)
				x.SendHeaders(requestTo([2]string{":method", "POST"}, [2]string{":path", "//p?q;r"}, [2]string{"trailer", "T"}), false)
				x.SendData([]byte(body), false)
				x.SendTrailers(header.New([2]string{"t", "1"}))
				r.waitOver(t)
				if !r.end || r.headers.Value("uri") != "//p?q;r" || string(r.body) != body || r.trailer.Value("t") != "1" {
					t.Errorf("%d bytes, %v, %v", len(r.body), r.headers.Pairs(), r.reset)
				}
				if local, remote := x.(ConnInfo).ConnInfo(); !local.IsValid() || remote.String() != srv.Listener.Addr().String() {
					t.Errorf("conn info %v %v", local, remote)
				}
				head := newRecorder()
				p.Request(srv.Listener.Addr().String(), head).SendHeaders(requestTo([2]string{":method", "HEAD"}), true)
				head.waitOver(t)
				if !head.end || len(head.body) > 0 {
					t.Errorf("HEAD: %s", head)
				}
			}
			p.CloseIdle()
		})
	}
}

func TestHTTP2ByALPN(t *testing.T) {
	checkGoroutines(t)
	source := httptest.NewUnstartedServer(nil) // for its certificate
	source.StartTLS()
	defer source.Close()
	roots := x509.NewCertPool()
	roots.AddCert(source.Certificate())
	seen := make(chan *Conn, 2)
	s := NewServer(ServerConfig{NewStream: func(c *Conn, sender Sender) Receiver {
		seen <- c
		r := newRecorder()
		r.sender, r.hook = sender, echo
		return r
	}})
	ln := listen(t)
	go s.Serve(tls.NewListener(ln, &tls.Config{Certificates: source.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}))
	t.Cleanup(func() { s.Close() })
	for _, h2 := range []bool{false, true} {
		r := newRecorder()
		p := startPool(t, PoolConfig{HTTP2: h2, TLS: &tls.Config{RootCAs: roots, ServerName: "example.com"}})
		p.Request(ln.Addr().String(), r).SendHeaders(requestTo(), true)
		r.waitOver(t)
		conn := receive(t, seen, "connection")
		if want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[h2]; !r.end || conn.TLS == nil || conn.Protocol != want {
			t.Errorf("%s on %+v", r, conn)
		}
	}
}

func TestHTTP2Shutdown(t *testing.T) {
	checkGoroutines(t)
	s := startServer(t, ServerConfig{}, nil)
	r := newRecorder()
	startPool(t, PoolConfig{HTTP2: true}).Request(s.addr, r).SendHeaders(requestTo(), true)
	down := s.next(t)
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	down.sender.SendHeaders(header.New([2]string{":status", "200"}), true)
	r.waitOver(t)
	if err := receive(t, done, "shutdown"); err != nil || !r.end {
		t.Errorf("%v, %s", err, r)
	}
}

func TestHTTP2TooManyHeaders(t *testing.T) {
	s := startServer(t, ServerConfig{}, nil)
	h := requestTo()
	for i := range 101 {
		h.Append(fmt.Sprint("x-", i), "y")
	}
	r := newRecorder()
	startPool(t, PoolConfig{HTTP2: true}).Request(s.addr, r).SendHeaders(h, true)
	r.waitOver(t)
	if r.headers.Value(":status") != "431" || receive(t, s.refusals, "refusal").Status != 431 {
		t.Errorf("got %s", r)
	}
}
