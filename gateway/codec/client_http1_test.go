package codec

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

func startPool(t testing.TB, cfg PoolConfig) *Pool {
	t.Helper()
	p := NewPool(cfg)
	t.Cleanup(p.Close)
	return p
}

func requestTo(pairs ...[2]string) *header.Map {
	h := header.New([2]string{":method", "GET"}, [2]string{":path", "/"}, [2]string{":authority", "h"}, [2]string{":scheme", "http"})
	for _, p := range pairs {
		if p[0][0] == ':' {
			h.Set(p[0], p[1])
			continue
		}
		h.Append(p[0], p[1])
	}
	return h
}

func accept(t testing.TB, ln net.Listener) *rawConn {
	t.Helper()
	ln.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return newRawConn(t, nc)
}

func TestRequestEncoding(t *testing.T) {
	post := [2]string{":method", "POST"}
	cases := []struct {
		name    string
		headers *header.Map
		end     bool
		body    []string
		trailer *header.Map
		want    string
	}{
		{"verbatim path, order, duplicates", requestTo([2]string{":path", "//a/%zz?x;y"}, [2]string{"b", "1"}, [2]string{"A", "2"}, [2]string{"b", "3"}), true, nil, nil,
			"GET //a/%zz?x;y HTTP/1.1\r\nhost: h\r\nb: 1\r\na: 2\r\nb: 3\r\n\r\n"},
		{"POST without body", requestTo(post), true, nil, nil, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"},
		{"content-length", requestTo(post, [2]string{"content-length", "2"}), false, []string{"a", "b"}, nil, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nab"},
		{"chunked", requestTo(post, [2]string{"transfer-encoding", "chunked"}), false, []string{"a", ""}, nil, "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"},
		{"trailers", requestTo(post), false, []string{"a"}, header.New([2]string{"t", "1"}), "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nt: 1\r\n\r\n"},
		{"CONNECT", requestTo([2]string{":method", "CONNECT"}, [2]string{":authority", "h:1"}), false, nil, nil, "CONNECT h:1 HTTP/1.1\r\nhost: h:1\r\n\r\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checkGoroutines(t)
			ln := listen(t)
			s := startPool(t, PoolConfig{}).Request(ln.Addr().String(), newRecorder())
			s.SendHeaders(c.headers, c.end)
			for i, b := range c.body {
				s.SendData([]byte(b), i == len(c.body)-1 && c.trailer == nil)
			}
			if c.trailer != nil {
				s.SendTrailers(c.trailer)
			}
			conn := accept(t, ln)
			conn.expect(c.want)
			s.Reset()
			conn.expectClosed()
		})
	}
}

func TestUnsendableRequests(t *testing.T) {
	for name, h := range map[string]*header.Map{
		"no path":                 header.New([2]string{":method", "GET"}),
		"space in the path":       requestTo([2]string{":path", "/a b"}),
		"line break in the path":  requestTo([2]string{":path", "/\r\nx: y"}),
		"line break in authority": requestTo([2]string{":authority", "h\r\nx: y"}),
		"space in the method":     requestTo([2]string{":method", "G ET"}),
	} {
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprint(name, h2), func(t *testing.T) {
				ln, r := listen(t), newRecorder()
				s := startPool(t, PoolConfig{HTTP2: h2}).Request(ln.Addr().String(), r)
				s.SendHeaders(h, true)
				r.waitOver(t)
				if r.reset.Kind != LocalReset {
					t.Errorf("got %v", r.reset)
				}
			})
		}
	}
}

func TestResponsesAsTheyAreOnTheWire(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	cases := []struct{ name, method, in, want string }{
		{"content-length", "GET", ok + "B: 1\r\na: 2\r\nB: 3\r\ncontent-length: 2\r\n\r\nab", ":status=200|b=1|a=2|b=3|content-length=2| body=\"ab\" end"},
		{"content-length 0", "GET", ok + "content-length: 0\r\n\r\n", ":status=200|content-length=0| end"},
		{"no reason phrase", "GET", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", ":status=200|content-length=0| end"},
		{"chunked with trailers", "GET", ok + "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nt: 1\r\n\r\n", ":status=200|transfer-encoding=chunked| body=\"ab\" trailer t=1 end"},
		{"close-delimited", "GET", ok + "\r\nabc", ":status=200| body=\"abc\" end"},
		{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\n\r\nabc", ":status=200| body=\"abc\" end"},
		{"HEAD", "HEAD", ok + "content-length: 5\r\n\r\n", ":status=200|content-length=5| end"},
		{"204", "GET", "HTTP/1.1 204 x\r\n\r\n", ":status=204| end"},
		{"304", "GET", "HTTP/1.1 304 x\r\ncontent-length: 5\r\n\r\n", ":status=304|content-length=5| end"},
		{"informational", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nlink: y\r\n\r\n" + ok + "content-length: 0\r\n\r\n", ":status=200|content-length=0| end"},
		{"nothing", "POST", "", " reset: connection termination"},
		{"half a head", "GET", "HTTP/1.1 20", " reset: connection termination"},
		{"cut content-length", "GET", ok + "content-length: 5\r\n\r\nab", ":status=200|content-length=5| body=\"ab\" reset: reset after headers"},
		{"cut chunk", "GET", ok + "transfer-encoding: chunked\r\n\r\n5\r\nab", ":status=200|transfer-encoding=chunked| body=\"ab\" reset: reset after headers"},
		{"bad chunk", "GET", ok + "transfer-encoding: chunked\r\n\r\nxx\r\n", ":status=200|transfer-encoding=chunked| reset: protocol error"},
		{"garbage", "GET", "SSH-2.0-x\r\n", " reset: protocol error"},
		{"two content-lengths", "GET", ok + "content-length: 1\r\ncontent-length: 2\r\n\r\nab", " reset: protocol error"},
		{"both framings", "GET", ok + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", " reset: protocol error"},
		{"101 unasked", "GET", "HTTP/1.1 101 x\r\n\r\n", " reset: protocol error"},
		{"too many headers", "GET", ok + strings.Repeat("a: b\r\n", 101) + "\r\n", " reset: protocol error"},
		{"status of two digits", "GET", "HTTP/1.1 20 OK\r\n\r\n", " reset: protocol error"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checkGoroutines(t)
			ln, r := listen(t), newRecorder()
			s := startPool(t, PoolConfig{}).Request(ln.Addr().String(), r)
			s.SendHeaders(requestTo([2]string{":method", c.method}), true)
			conn := accept(t, ln)
			conn.skipHead()
			conn.send(c.in)
			conn.Close()
			r.waitOver(t)
			if got := r.String(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestConnectionIsReused(t *testing.T) {
	checkGoroutines(t)
	ln := listen(t)
	p := startPool(t, PoolConfig{})
	var conn *rawConn
	for i := range 3 {
		if i > 0 {
			waitIdle(t, p, ln.Addr().String(), 1)
		}
		r := newRecorder()
		s := p.Request(ln.Addr().String(), r)
		s.SendHeaders(requestTo([2]string{":method", "POST"}), false)
		s.SendData([]byte("a"), true)
		if conn == nil {
			conn = accept(t, ln)
		}
		conn.expect("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
		local, remote := s.(ConnInfo).ConnInfo()
		if local != addrPort(conn.RemoteAddr()) || remote != addrPort(ln.Addr()) {
			t.Errorf("conn info %v %v", local, remote)
		}
		conn.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb")
		r.waitOver(t)
		if !r.end {
			t.Fatal(r)
		}
	}
	waitIdle(t, p, ln.Addr().String(), 1)
	conn.Close()
	waitIdle(t, p, ln.Addr().String(), 0) // noticed while idle
}

func waitIdle(t testing.TB, p *Pool, addr string, want int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		p.mu.Lock()
		have := len(p.idle[addr])
		p.mu.Unlock()
		if have == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d idle connections, want %d", have, want)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestStaleConnection(t *testing.T) {
	for _, c := range []struct {
		method string
		retry  bool
	}{{"GET", true}, {"DELETE", true}, {"POST", false}, {"PATCH", false}} {
		t.Run(c.method, func(t *testing.T) {
			checkGoroutines(t)
			ln := listen(t)
			p := startPool(t, PoolConfig{})
			first := newRecorder()
			p.Request(ln.Addr().String(), first).SendHeaders(requestTo(), true)
			conn := accept(t, ln)
			conn.skipHead()
			conn.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
			first.waitOver(t)
			waitIdle(t, p, ln.Addr().String(), 1)

			second := newRecorder()
			p.Request(ln.Addr().String(), second).SendHeaders(requestTo([2]string{":method", c.method}), true)
			conn.skipHead() // on the same connection, which closes instead of answering
			conn.Close()
			if !c.retry {
				second.waitOver(t)
				if second.reset == nil || second.reset.Kind != ConnectionTermination {
					t.Errorf("got %s", second)
				}
				return
			}
			fresh := accept(t, ln)
			if head := fresh.skipHead(); !strings.HasPrefix(head, c.method+" / ") {
				t.Errorf("sent again: %q", head)
			}
			fresh.Close() // once is enough
			second.waitOver(t)
			if second.reset == nil || second.reset.Kind != ConnectionTermination {
				t.Errorf("got %s", second)
			}
		})
	}
}

func TestEarlyResponseEndsTheRequest(t *testing.T) {
	checkGoroutines(t)
	ln, r := listen(t), newRecorder()
	s := startPool(t, PoolConfig{}).Request(ln.Addr().String(), r)
	s.SendHeaders(requestTo([2]string{":method", "POST"}), false)
	conn := accept(t, ln)
	conn.skipHead()
	conn.send("HTTP/1.1 413 x\r\ncontent-length: 0\r\n\r\n")
	r.waitOver(t)
	s.SendData([]byte("dropped"), true)
	conn.expectClosed()
	if got := r.String(); got != ":status=413|content-length=0| end" {
		t.Error(got)
	}
}

func TestTunnelDataWaitsForTheAnswer(t *testing.T) {
	upgrade := requestTo([2]string{"connection", "upgrade"}, [2]string{"upgrade", "x"})
	t.Run("accepted", func(t *testing.T) {
		checkGoroutines(t)
		ln, r := listen(t), newRecorder()
		s := startPool(t, PoolConfig{}).Request(ln.Addr().String(), r)
		s.SendHeaders(upgrade, false)
		s.SendData([]byte("up"), false)
		conn := accept(t, ln)
		conn.expect("GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n")
		conn.send("HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\ndown")
		conn.expect("up")
		s.SendData([]byte("!"), true)
		conn.expect("!")
		conn.expectClosed() // their direction only
		conn.send("-more")
		conn.Close()
		r.waitOver(t)
		if got := r.String(); got != ":status=101|connection=upgrade|upgrade=x| body=\"down-more\" end" {
			t.Error(got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		checkGoroutines(t)
		ln, r := listen(t), newRecorder()
		s := startPool(t, PoolConfig{}).Request(ln.Addr().String(), r)
		s.SendHeaders(upgrade, false)
		s.SendData([]byte("GET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n"), false)
		conn := accept(t, ln)
		conn.skipHead()
		conn.send("HTTP/1.1 403 x\r\ncontent-length: 0\r\n\r\n")
		r.waitOver(t)
		conn.expectClosed()
	})
}

func TestConnectFailures(t *testing.T) {
	ln := listen(t)
	ln.Close()
	hang := func(ctx context.Context, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for _, h2 := range []bool{false, true} {
		for name, c := range map[string]struct {
			cfg  PoolConfig
			want ResetKind
		}{
			"refused": {PoolConfig{HTTP2: h2}, ConnectFailure},
			"hangs":   {PoolConfig{HTTP2: h2, Dial: hang, ConnectTimeout: time.Millisecond}, ConnectTimeout},
		} {
			t.Run(fmt.Sprint(name, h2), func(t *testing.T) {
				checkGoroutines(t)
				r := newRecorder()
				startPool(t, c.cfg).Request(ln.Addr().String(), r).SendHeaders(requestTo(), true)
				r.waitOver(t)
				if r.reset == nil || r.reset.Kind != c.want || r.reset.AfterHeaders {
					t.Errorf("got %v", r.reset)
				}
			})
		}
	}
}

func TestResetAndClose(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprint("closing the pool ", h2), func(t *testing.T) {
			checkGoroutines(t)
			ln, r := listen(t), newRecorder()
			p := startPool(t, PoolConfig{HTTP2: h2})
			p.Request(ln.Addr().String(), r).SendHeaders(requestTo(), true)
			accept(t, ln)
			p.Close()
			r.waitOver(t)
			if r.reset.Kind != LocalReset {
				t.Errorf("got %v", r.reset)
			}
			late := newRecorder()
			p.Request(ln.Addr().String(), late)
			late.waitOver(t)
			if late.reset.Kind != LocalReset {
				t.Errorf("got %v", late.reset)
			}
		})
	}
}
