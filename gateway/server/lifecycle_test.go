package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGracefulShutdown(t *testing.T) {
	began, proceed := make(chan struct{}), make(chan struct{})
	up := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-proceed
		io.WriteString(w, "done")
	})
	g, err := newGateway(Config{}, services("up", "http", up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	require.NoError(t, err)
	t.Cleanup(g.Close)
	ctx, shutDown := context.WithCancel(context.Background())
	defer shutDown()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, patience) }()
	f := &fixture{Gateway: g, t: t, h1: newClient(false)}
	t.Cleanup(f.h1.CloseIdleConnections)

	client := f.dial()
	fmt.Fprint(client, "GET / HTTP/1.1\r\nhost: h\r\n\r\n")
	receive(t, "the request", began)
	shutDown()
	eventually(t, "new connections are refused", func() bool {
		conn, err := net.Dial("tcp", f.Addr())
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	ready := f.admin("GET", "/ready")
	assert.Equal(t, 503, ready.StatusCode)
	assert.Equal(t, "DRAINING\n", ready.body)
	assert.Contains(t, f.admin("GET", "/server_info").body, `"state": "DRAINING"`)
	select {
	case err := <-ended:
		t.Fatalf("Run returned %v while a request was running", err)
	default:
	}
	close(proceed)
	res, err := http.ReadResponse(bufio.NewReader(client), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "done", string(body))
	assert.Equal(t, "a", res.Header.Get("x-by"))
	assert.True(t, res.Close, "connection: close")
	assert.NoError(t, receive(t, "the end of Run", ended))
	_, err = net.Dial("tcp", g.AdminAddr())
	assert.Error(t, err, "the admin listener ends, too")
}

func TestDrainingEndsAfterItsTime(t *testing.T) {
	f := start(t, Config{}, services("up", "http", backend(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })),
		route("r", "/", "up.static:80"))
	client := f.dial()
	fmt.Fprint(client, "GET / HTTP/1.1\r\nhost: h\r\n\r\n")
	eventually(t, "the request runs", func() bool { return f.stat("http.ingress_http.downstream_rq_active") == "1" })
	f.stop()
	assert.NoError(t, receive(t, "the end of Run", f.stopped))
}

// start checks for every test that no goroutine is left; here everything is under way when the gateway is closed.
func TestCloseWhileEverythingRuns(t *testing.T) {
	hung := make(chan struct{}, 4)
	up := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		hung <- struct{}{}
		<-r.Context().Done()
	})
	f := start(t, Config{}, services("one", "http", up, "two", "http2", up), route("one", "/one", "one.static:80"), route("two", "/two", "two.static:80"),
		wasmPlugin("a", `{name: a}`))
	for _, request := range []string{
		"GET /one HTTP/1.1\r\nhost: h\r\n\r\n", "GET /two HTTP/1.1\r\nhost: h\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: h\r\nx-a: call outbound|80||one.static /\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: h\r\nx-a: call outbound|80||two.static /\r\n\r\n",
	} {
		fmt.Fprint(f.dial(), request)
		receive(t, "the upstream request", hung)
	}
	held := f.dial()
	fmt.Fprint(held, "GET / HTTP/1.1\r\nhost: h\r\nx-a: hold\r\n\r\n")
	eventually(t, "the plugin holds a stream", func() bool { return f.logHas("holding") == 1 })
	addresses := []string{f.Addr(), f.AdminAddr(), f.RedisAddr(), f.EchoAddr()}
	f.Close()
	assert.NoError(t, receive(t, "the end of Run", f.stopped))
	_, err := held.Read(make([]byte, 1))
	assert.Error(t, err, "connections are closed")
	for _, address := range addresses {
		_, err := net.Dial("tcp", address)
		assert.Error(t, err, address)
	}
	f.Close()
	assert.ErrorContains(t, f.Reload(context.Background()), "the gateway is closed")
}

func TestCloseAmidNewStreamsAndReloads(t *testing.T) {
	f := start(t, Config{}, services("up", "http", backend(t, marked)), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	ended := make(chan struct{}, 3)
	for range 2 {
		go func() {
			for {
				res, err := f.h1.Get("http://" + f.Addr() + "/")
				if err != nil {
					break
				}
				res.Body.Close()
			}
			ended <- struct{}{}
		}()
	}
	go func() {
		for f.Reload(context.Background()) == nil {
		}
		ended <- struct{}{}
	}()
	eventually(t, "requests run", func() bool { return f.access.length() > 20 })
	f.Close()
	for range 3 {
		receive(t, "the end of the clients", ended)
	}
}

func (a *accessLog) length() int {
	entries, _ := a.recent()
	return len(entries)
}

func TestAGatewayThatWasNeverRunCloses(t *testing.T) {
	g, err := newGateway(Config{}, wasmPlugin("a", `{name: a}`))
	require.NoError(t, err)
	addresses := []string{g.Addr(), g.AdminAddr(), g.RedisAddr(), g.EchoAddr()}
	g.Close()
	for _, address := range addresses {
		_, err := net.Dial("tcp", address)
		assert.Error(t, err, address)
	}
}

func TestTheSecondStartTakesItsCodeFromTheCache(t *testing.T) {
	begin := time.Now()
	g, err := newGateway(Config{}, wasmPlugin("a", `{name: a}`))
	require.NoError(t, err)
	t.Cleanup(g.Close)
	second := time.Since(begin)
	t.Logf("first start %v, second start %v", firstStart, second)
	assert.Less(t, 2*second, firstStart)
}
