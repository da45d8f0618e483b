package codec

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// reply sends one response when the request has ended.
func reply(endOnHeaders bool, pairs [][2]string, body ...string) func(*recorder, string) {
	return func(r *recorder, _ string) {
		if !r.end || r.reset != nil {
			return
		}
		r.sender.SendHeaders(header.New(pairs...), endOnHeaders)
		for i, b := range body {
			r.sender.SendData([]byte(b), i == len(body)-1)
		}
	}
}

func TestResponseFraming(t *testing.T) {
	ok := [2]string{":status", "200"}
	cases := []struct {
		name, request string
		headers       [][2]string
		end           bool
		body          []string
		want          string
		open          bool // the connection goes on
	}{
		{"no body", get, [][2]string{ok, {"a", "1"}, {"b", "2"}, {"a", "3"}}, true, nil, "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\na: 3\r\ncontent-length: 0\r\n\r\n", true},
		{"content-length", get, [][2]string{ok, {"content-length", "2"}}, false, []string{"ab", ""}, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", true},
		{"chunked", get, [][2]string{ok, {"transfer-encoding", "gzip"}}, false, []string{"ab", "", "c", ""}, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", true},
		{"last data with end", get, [][2]string{ok}, false, []string{"ab"}, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", true},
		{"content-length too small", get, [][2]string{ok, {"content-length", "1"}}, false, []string{"ab"}, "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", false},
		{"content-length too large", get, [][2]string{ok, {"content-length", "3"}}, false, []string{"ab"}, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", false},
		{"HEAD", "HEAD / HTTP/1.1\r\nhost: h\r\n", [][2]string{ok, {"content-length", "5"}}, true, nil, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true},
		{"HEAD says what a GET would have had", "HEAD / HTTP/1.1\r\nhost: h\r\n", [][2]string{ok}, true, nil, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", true},
		{"HEAD drops a body", "HEAD / HTTP/1.1\r\nhost: h\r\n", [][2]string{ok}, false, []string{"abc"}, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", true},
		{"204", get, [][2]string{{":status", "204"}, {"content-length", "3"}}, false, []string{"abc"}, "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"304", get, [][2]string{{":status", "304"}, {"content-length", "3"}}, true, nil, "HTTP/1.1 304 Not Modified\r\ncontent-length: 3\r\n\r\n", true},
		{"unknown status", get, [][2]string{{":status", "299"}}, true, nil, "HTTP/1.1 299 Unknown\r\ncontent-length: 0\r\n\r\n", true},
		{"the gateway closes", get, [][2]string{ok, {"connection", "close"}}, true, nil, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", false},
		{"the client closes", get + "connection: x, Close\r\n", [][2]string{ok}, true, nil, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", false},
		{"HTTP/1.0 ends with the connection", "GET / HTTP/1.0\r\n", [][2]string{ok}, false, []string{"ab", "c"}, "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\nabc", false},
		{"HTTP/1.0 keep-alive", "GET / HTTP/1.0\r\nconnection: keep-alive\r\n", [][2]string{ok, {"content-length", "1"}}, false, []string{"a"}, "HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\na", true},
		{"line breaks cannot split it", get, [][2]string{ok, {"a", "b\r\nc: d"}, {"e f", "g"}}, true, nil, "HTTP/1.1 200 OK\r\na: b  c: d\r\ncontent-length: 0\r\n\r\n", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, reply(c.end, c.headers, c.body...))
			conn := dialRaw(t, s.addr)
			conn.send(c.request + "\r\n")
			conn.expect(c.want)
			if !c.open {
				conn.expectClosed()
				return
			}
			conn.send(c.request + "\r\n")
			conn.expect(c.want)
		})
	}
}

func TestTrailersAndInformationalResponses(t *testing.T) {
	s := startServer(t, ServerConfig{}, func(r *recorder, _ string) {
		r.sender.SendHeaders(header.New([2]string{":status", "103"}, [2]string{"link", "x"}), false)
		r.sender.SendHeaders(header.New([2]string{":status", "200"}), false)
		r.sender.SendData([]byte("a"), false)
		r.sender.SendTrailers(header.New([2]string{"t", "1"}))
		r.sender.SendData([]byte("after the end"), true)
	})
	conn := dialRaw(t, s.addr)
	conn.send(get + "\r\n")
	conn.expect("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nt: 1\r\n\r\n")
}

func TestPipeliningIsOneExchangeAtATime(t *testing.T) {
	checkGoroutines(t)
	s := startServer(t, ServerConfig{}, nil)
	conn := dialRaw(t, s.addr)
	conn.send("GET /1 HTTP/1.1\r\nhost: h\r\n\r\nPOST /2 HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\naGET /3 HTTP/1.1\r\nhost: h\r\n\r\n")
	for i := 1; i <= 3; i++ {
		r := s.next(t)
		r.waitOver(t)
		if got := r.headers.Value(":path"); got != fmt.Sprintf("/%d", i) {
			t.Fatalf("request %d is %s", i, r)
		}
		if len(s.exchanges) != 0 {
			t.Fatal("the next request began before this response ended")
		}
		r.sender.SendHeaders(header.New([2]string{":status", "200"}), true)
		conn.expect("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
	}
}

func TestExpectContinueIsAnsweredAtOnce(t *testing.T) {
	s := startServer(t, ServerConfig{}, nil)
	conn := dialRaw(t, s.addr)
	conn.send(post + "expect: 100-continue\r\ncontent-length: 2\r\n\r\n")
	conn.expect("HTTP/1.1 100 Continue\r\n\r\n")
	conn.send("ab")
	r := s.next(t)
	r.waitOver(t)
	if got := r.String(); strings.Contains(got, "expect") || !strings.HasSuffix(got, `body="ab" end`) {
		t.Error(got)
	}
}

func TestUpgradeTurnsRaw(t *testing.T) {
	checkGoroutines(t)
	s := startServer(t, ServerConfig{}, nil)
	conn := dialRaw(t, s.addr)
	conn.send(get + "connection: upgrade\r\nupgrade: websocket\r\n\r\nearly")
	r := s.next(t)
	r.sender.SendHeaders(header.New([2]string{":status", "101"}, [2]string{"connection", "upgrade"}, [2]string{"upgrade", "websocket"}), false)
	conn.expect("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
	conn.send("-late")
	r.wait(t, "raw bytes", func() bool { return string(r.body) == "early-late" })
	r.sender.SendData([]byte("down"), false)
	conn.expect("down")
	conn.Conn.(*net.TCPConn).CloseWrite()
	r.waitOver(t)
	r.sender.SendData([]byte("bye"), true)
	conn.expect("bye")
	conn.expectClosed()
}

func TestRefusedUpgradeCloses(t *testing.T) {
	s := startServer(t, ServerConfig{}, func(r *recorder, what string) {
		if what == "headers" {
			r.sender.SendHeaders(header.New([2]string{":status", "403"}), true)
		}
	})
	conn := dialRaw(t, s.addr)
	conn.send(get + "connection: upgrade\r\nupgrade: websocket\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: h\r\n\r\n")
	conn.expect("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
	conn.expectClosed()
	s.next(t)
	if len(s.exchanges) != 0 {
		t.Error("tunnel data became a request")
	}
}

func TestEarlyResponseCloses(t *testing.T) {
	checkGoroutines(t)
	for name, body := range map[string]string{"headers alone": "", "with a body": "no"} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, ServerConfig{}, func(r *recorder, what string) {
				if what == "headers" {
					r.sender.SendHeaders(header.New([2]string{":status", "413"}, [2]string{"content-length", strconv.Itoa(len(body))}), body == "")
					r.sender.SendData([]byte(body), true)
				}
			})
			conn := dialRaw(t, s.addr)
			conn.send(post + "content-length: 1000000\r\n\r\nabc")
			conn.expect(fmt.Sprintf("HTTP/1.1 413 Request Entity Too Large\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s", len(body), body))
			conn.expectClosed()
		})
	}
}

func TestClientGoesAway(t *testing.T) {
	for name, in := range map[string]string{
		"before the response": get + "\r\n",
		"in the body":         post + "content-length: 5\r\n\r\nab",
		"in a chunk size":     post + "transfer-encoding: chunked\r\n\r\n5",
	} {
		t.Run(name, func(t *testing.T) {
			checkGoroutines(t)
			s := startServer(t, ServerConfig{}, nil)
			conn := dialRaw(t, s.addr)
			conn.send(in)
			r := s.next(t)
			r.wait(t, "headers", func() bool { return r.headers != nil })
			conn.Close()
			r.wait(t, "reset", func() bool { return r.reset != nil })
			if r.reset.Kind != ConnectionTermination {
				t.Errorf("got %v", r.reset)
			}
			r.sender.SendHeaders(header.New([2]string{":status", "200"}), true)
		})
	}
}

func TestReadDisableThrottlesTheClient(t *testing.T) {
	checkGoroutines(t)
	s := startServer(t, ServerConfig{}, func(r *recorder, what string) {
		if what == "headers" {
			r.sender.ReadDisable(true)
			r.sender.ReadDisable(true)
		}
	})
	conn := dialRaw(t, s.addr)
	const size = 64 << 20
	conn.send(fmt.Sprintf(post+"content-length: %d\r\n\r\n", size))
	wrote := make(chan error, 1)
	go func() {
		_, err := conn.Write(make([]byte, size))
		wrote <- err
	}()
	r := s.next(t)
	r.wait(t, "headers", func() bool { return r.headers != nil })
	r.sender.ReadDisable(false)
	select {
	case <-wrote:
		t.Fatal("64 MiB went into a connection that nobody reads")
	case <-time.After(50 * time.Millisecond): // a check that nothing happens needs some time in which it could
	}
	r.mu.Lock()
	if len(r.body) > 0 {
		t.Errorf("%d bytes were delivered", len(r.body))
	}
	r.mu.Unlock()
	r.sender.ReadDisable(false)
	if err := receive(t, wrote, "write"); err != nil {
		t.Fatal(err)
	}
	r.waitOver(t)
	if len(r.body) != size {
		t.Errorf("%d bytes", len(r.body))
	}
}

func TestWatermarksAndFlush(t *testing.T) {
	s := startServer(t, ServerConfig{}, nil)
	conn := dialRaw(t, s.addr)
	conn.send(get + "\r\n")
	r := s.next(t)
	r.sender.SendHeaders(header.New([2]string{":status", "200"}), false)
	r.sender.SendData([]byte("data: 1\n\n"), false)
	conn.expect("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n") // before anything follows
	const size = 32 << 20
	r.sender.SendData(make([]byte, size), false)
	r.wait(t, "high watermark", func() bool { return len(r.buffer) == 1 && r.buffer[0] })
	if _, err := io.CopyN(io.Discard, conn.br, size); err != nil {
		t.Fatal(err)
	}
	r.wait(t, "low watermark", func() bool { return len(r.buffer) == 2 && !r.buffer[1] })
}

func TestShutdownWaitsForTheExchange(t *testing.T) {
	checkGoroutines(t)
	s := startServer(t, ServerConfig{}, nil)
	idle, busy := dialRaw(t, s.addr), dialRaw(t, s.addr)
	busy.send(get + "\r\n")
	r := s.next(t)
	idle.send(get + "\r\n")
	s.next(t).sender.SendHeaders(header.New([2]string{":status", "200"}), true)
	idle.skipHead()
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	idle.expectClosed()
	if len(done) != 0 {
		t.Fatal("did not wait")
	}
	r.sender.SendHeaders(header.New([2]string{":status", "200"}), true)
	busy.expect("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
	busy.expectClosed()
	busy.Close()
	if err := receive(t, done, "shutdown"); err != nil {
		t.Error(err)
	}
}

func TestCloseResetsExchanges(t *testing.T) {
	checkGoroutines(t)
	s := startServer(t, ServerConfig{}, nil)
	conn := dialRaw(t, s.addr)
	conn.send(get + "\r\n")
	r := s.next(t)
	s.Close()
	r.wait(t, "reset", func() bool { return r.reset != nil })
	if r.reset.Kind != LocalReset {
		t.Errorf("got %v", r.reset)
	}
}

func TestIdleTimeout(t *testing.T) {
	s := startServer(t, ServerConfig{IdleTimeout: 20 * time.Millisecond}, reply(true, [][2]string{{":status", "200"}}))
	for name, in := range map[string]string{"nothing sent": "", "half a head": "GET / HT", "after a response": get + "\r\n"} {
		t.Run(name, func(t *testing.T) {
			conn := dialRaw(t, s.addr)
			conn.send(in)
			if strings.HasSuffix(in, "\r\n\r\n") {
				conn.skipHead()
			}
			conn.expectClosed()
		})
	}
}
