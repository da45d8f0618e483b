package opa

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// misbehaviours are what the authorization server does when it is asked, by the path's last segment. Each gets the
// connection after the request's head. closed is closed when the test ends.
var misbehaviours = map[string]func(conn *net.TCPConn, closed <-chan struct{}){
	"hang": func(_ *net.TCPConn, closed <-chan struct{}) { <-closed },
	"close": func(*net.TCPConn, <-chan struct{}) {
	},
	"reset": func(conn *net.TCPConn, _ <-chan struct{}) { _ = conn.SetLinger(0) },
	"slow-head": func(conn *net.TCPConn, closed <-chan struct{}) {
		drip(conn, closed, "HTTP/1.1 200 OK\r\nx-auth-user: "+strings.Repeat("a", 10000))
	},
	"slow-body": func(conn *net.TCPConn, closed <-chan struct{}) {
		drip(conn, closed, "HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n"+strings.Repeat("a", 9000))
	},
	"half-head":   says("HTTP/1.1 200 OK\r\nx-auth-user: ann\r\n"),
	"half-body":   says("HTTP/1.1 200 OK\r\nx-auth-user: ann\r\ncontent-length: 10\r\n\r\nhalf"),
	"half-chunk":  says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nhalf"),
	"bad-chunk":   says("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhalf\r\n0\r\n\r\n"),
	"two-lengths": says("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
	"bad-status":  says("HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n"),
	"no-status":   says("HTTP/1.1 OK\r\ncontent-length: 0\r\n\r\n"),
	"garbage":     says("\x16\x03\x01\x00\xff\x00garbage\r\n\r\n"),
	"nul":         says("HTTP/1.1 200 OK\r\nx-auth-user: a\x00b\r\ncontent-length: 0\r\n\r\n"),
	"long-head":   says("HTTP/1.1 200 OK\r\nx-auth-user: " + strings.Repeat("a", 1<<20) + "\r\ncontent-length: 0\r\n\r\n"),
	"500":         says("HTTP/1.1 500 Broken\r\ncontent-length: 0\r\n\r\n"),
	"600":         says("HTTP/1.1 600 Beyond\r\ncontent-length: 0\r\n\r\n"),
	"informs for ever": func(conn *net.TCPConn, closed <-chan struct{}) {
		endless(conn, closed, "", "HTTP/1.1 100 Continue\r\n\r\n")
	},
	"never ends": func(conn *net.TCPConn, closed <-chan struct{}) {
		chunk := "10000\r\n" + strings.Repeat("a", 0x10000) + "\r\n"
		endless(conn, closed, "HTTP/1.1 200 OK\r\nx-auth-user: ann\r\ntransfer-encoding: chunked\r\n\r\n", chunk)
	},
}

func says(text string) func(*net.TCPConn, <-chan struct{}) {
	return func(conn *net.TCPConn, _ <-chan struct{}) { _, _ = io.WriteString(conn, text) }
}

// drip writes a byte every few milliseconds, so that something always seems to happen.
func drip(conn net.Conn, closed <-chan struct{}, text string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := range len(text) {
		select {
		case <-closed:
			return
		case <-tick.C:
		}
		if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
			return
		}
	}
}

func endless(conn net.Conn, closed <-chan struct{}, first, again string) {
	text := first
	for {
		select {
		case <-closed:
			return
		default:
		}
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		text = again
	}
}

// startMisbehaving starts the authorization server. For paths that are no misbehaviour it behaves.
func startMisbehaving(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	var open sync.WaitGroup
	t.Cleanup(func() {
		close(closed)
		listener.Close()
		open.Wait()
	})
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				misbehave(conn.(*net.TCPConn), closed)
			})
		}
	})
	return listener.Addr().String()
}

func misbehave(conn *net.TCPConn, closed <-chan struct{}) {
	_ = conn.SetDeadline(time.Now().Add(patience))
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	name := request.URL.Path[strings.LastIndexByte(request.URL.Path, '/')+1:]
	if act, ok := misbehaviours[name]; ok {
		act(conn, closed)
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nx-auth-user: ann\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

const external = `{"http_service": {"endpoint": {"service_name": "auth.static", "service_port": 9000, "path_prefix": "/check"}, "timeout": 400,
	"authorization_request": {"with_request_body": true}, "authorization_response": {"allowed_upstream_headers": [{"prefix": "x-auth-"}]}}`

func TestAServerThatMisbehavesLetsNobodyPass(t *testing.T) {
	server := startMisbehaving(t)
	onBothEngines(t, "ext-auth", external+"}", map[string]string{"auth.static:9000": server}, func(t *testing.T, g *gateway) {
		for name := range misbehaviours {
			t.Run(name, func(t *testing.T) {
				path := "/" + strings.ReplaceAll(name, " ", "%20")
				for _, body := range []string{"", "body"} {
					got := g.send(t, "POST", path, body, "x-auth-user: root")
					if got.status != 403 {
						t.Errorf("with the body %q: got %d %q, want 403", body, got.status, got.body)
					}
					if passed := g.backend.take(); len(passed) > 0 {
						t.Fatalf("with the body %q the backend got %+v", body, passed)
					}
				}
				if got := g.send(t, "GET", "/fine", ""); got.status != 200 {
					t.Errorf("afterwards: got %d", got.status)
				}
				if passed := g.backend.take(); len(passed) != 1 || passed[0].header.Get("X-Auth-User") != "ann" {
					t.Errorf("afterwards the backend got %+v", passed)
				}
			})
		}
	})
}

func TestAServerThatMisbehavesForgesNothingWhereFailuresPass(t *testing.T) {
	server := startMisbehaving(t)
	config := external + `, "failure_mode_allow": true, "failure_mode_allow_header_add": true}`
	onBothEngines(t, "ext-auth", config, map[string]string{"auth.static:9000": server}, func(t *testing.T, g *gateway) {
		for name := range misbehaviours {
			t.Run(name, func(t *testing.T) {
				got := g.send(t, "POST", "/"+strings.ReplaceAll(name, " ", "%20"), "body", "x-auth-user: root")
				passed := g.backend.take()
				if got.status != 200 || len(passed) != 1 {
					t.Fatalf("got %d, and the backend %+v", got.status, passed)
				}
				h := passed[0].header
				if h.Get("X-Envoy-Auth-Failure-Mode-Allowed") != "true" || h.Get("X-Auth-User") != "" || passed[0].body != "body" {
					t.Errorf("the backend got %+v", passed[0])
				}
			})
		}
	})
}

func TestOthersAreServedWhileTheServerHangs(t *testing.T) {
	server := startMisbehaving(t)
	onBothEngines(t, "ext-auth", external+"}", map[string]string{"auth.static:9000": server}, func(t *testing.T, g *gateway) {
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				path, want := "/fine", 200
				if i%2 == 0 {
					path, want = "/hang", 403
				}
				if got, err := g.try("GET", path, ""); err != nil || got.status != want {
					t.Errorf("%s: got %d, %v", path, got.status, err)
				}
			})
		}
		all.Wait()
		if passed := g.backend.take(); len(passed) != 20 {
			t.Errorf("the backend got %d requests, want 20", len(passed))
		}
	})
}
