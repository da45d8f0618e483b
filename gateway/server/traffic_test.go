package server

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// mirror sends the request body back while it arrives.
func mirror(w http.ResponseWriter, r *http.Request) {
	http.NewResponseController(w).EnableFullDuplex()
	w.Header().Set("x-upstream-seen", strings.Join(r.Header["X-Seen"], ","))
	w.WriteHeader(200)
	io.Copy(w, r.Body)
}

// A quarter of the streams for each pair of downstream and upstream protocols, all at the same time.
func TestManyLargeStreamsPassIntact(t *testing.T) {
	const streams, size = 200, 1 << 20
	up := backend(t, mirror)
	f := start(t, Config{Concurrency: 2}, services("one", "http", up, "two", "http2", up),
		route("one", "/one", "one.static:80"), route("two", "/two", "two.static:80"),
		wasmPlugin("a", `{name: a}`, "priority: 2"), wasmPlugin("b", `{name: b, noBodies: true}`, "priority: 1"))
	pass := func(i int, client *http.Client, r *http.Request) {
		sent, got := sha256.New(), sha256.New()
		random := rand.NewChaCha8([32]byte{byte(i)})
		r.Body = io.NopCloser(io.TeeReader(io.LimitReader(random, size), sent))
		res, err := client.Do(r)
		if !assert.NoError(t, err) {
			return
		}
		defer res.Body.Close()
		n, err := io.Copy(got, res.Body)
		assert.NoError(t, err)
		assert.EqualValues(t, size, n)
		assert.Equal(t, sent.Sum(nil), got.Sum(nil), "the body is another one")
		assert.Equal(t, "a,b", res.Header.Get("x-upstream-seen"), "plugins in chain order")
		assert.Equal(t, []string{"b", "a"}, res.Header["X-By"], "plugins in the reverse order")
	}
	var wait sync.WaitGroup
	for i := range streams {
		client, path := []*http.Client{f.h1, f.h2}[i%2], []string{"/one", "/two"}[i/2%2]
		r := f.request("POST", path, nil)
		wait.Go(func() { pass(i, client, r) })
	}
	wait.Wait()
	assert.Zero(t, f.logHas("the VM failed"), "the guest panics when two callbacks run at the same time")
	eventually(t, "the streams are counted as over", func() bool {
		return f.stat("http.ingress_http.downstream_rq_active") == "0"
	})
	assert.Equal(t, "200", f.stat("http.ingress_http.downstream_rq_2xx"))
	for _, cluster := range []string{"one", "two"} {
		assert.Equal(t, "0", f.stat("cluster.outbound|80||"+cluster+".static.upstream_rq_active"))
		assert.Equal(t, "100", f.stat("cluster.outbound|80||"+cluster+".static.upstream_rq_total"))
	}
}

func TestHungPeersBlockNobodyElse(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hung := make(chan struct{}, 3)
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hang" {
			return
		}
		hung <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	f := start(t, Config{Concurrency: 1}, services("up", "http", up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))

	slowClient := f.dial() // a request that never becomes complete
	fmt.Fprint(slowClient, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc")
	headless := f.dial() // nor does this one's head
	fmt.Fprint(headless, "GET / HT")
	slowUpstream := f.dial()
	fmt.Fprint(slowUpstream, "GET /hang HTTP/1.1\r\nhost: h\r\n\r\n")
	slowCall := f.dial()
	fmt.Fprint(slowCall, "GET / HTTP/1.1\r\nhost: h\r\nx-a: call outbound|80||up.static /hang\r\n\r\n")
	receive(t, "the upstream request", hung)
	receive(t, "the call-out", hung)
	held := f.dial()
	fmt.Fprint(held, "GET / HTTP/1.1\r\nhost: h\r\nx-a: hold\r\n\r\n")
	eventually(t, "the plugin holds a stream", func() bool { return f.logHas("holding") == 1 })

	for range 20 {
		require.Equal(t, 200, f.get("/").StatusCode)
	}
}

func TestServerSentEventsFlowOneByOne(t *testing.T) {
	for _, c := range []struct {
		name    string
		plugins []manifest.File
		want    func(string) string
	}{
		{"without plugins", nil, func(s string) string { return s }},
		{"through a body handler", []manifest.File{wasmPlugin("a", `{name: a}`)}, strings.ToUpper},
	} {
		t.Run(c.name, func(t *testing.T) {
			events := make(chan string)
			up := backend(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("content-type", "text/event-stream")
				w.WriteHeader(200)
				http.NewResponseController(w).Flush()
				for e := range events {
					io.WriteString(w, e)
					http.NewResponseController(w).Flush()
				}
			})
			f := start(t, Config{}, append(c.plugins, services("up", "http", up), route("r", "/", "up.static:80"))...)
			res, err := f.h1.Do(f.request("GET", "/", nil, "x-a", "upper"))
			require.NoError(t, err)
			defer res.Body.Close()
			assert.Equal(t, "text/event-stream", res.Header.Get("content-type"))
			for i := range 5 {
				event := fmt.Sprintf("data: event %d\n\n", i)
				events <- event // the next one is not there before this one arrived
				got := make([]byte, len(event))
				_, err := io.ReadFull(res.Body, got)
				require.NoError(t, err)
				assert.Equal(t, c.want(event), string(got))
			}
			close(events)
			rest, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Empty(t, rest)
		})
	}
}

func TestUpgradesPassBothWays(t *testing.T) {
	ln := listen(t)
	f := start(t, Config{}, services("up", "http", ln.Addr().String()), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	client := f.dial()
	fmt.Fprint(client, "GET /chat HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: k\r\nx-request-id: ws\r\n\r\n")
	server := accept(t, ln)
	fromGateway := bufio.NewReader(server)
	request, err := http.ReadRequest(fromGateway)
	require.NoError(t, err)
	assert.Equal(t, "websocket", request.Header.Get("upgrade"))
	assert.Equal(t, "upgrade", strings.ToLower(request.Header.Get("connection")))
	assert.Equal(t, "k", request.Header.Get("sec-websocket-key"))
	assert.Equal(t, "a", request.Header.Get("x-seen"))

	fmt.Fprint(server, "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s\r\n\r\nhello")
	fromServer := bufio.NewReader(client)
	response, err := http.ReadResponse(fromServer, nil)
	require.NoError(t, err)
	assert.Equal(t, 101, response.StatusCode)
	assert.Equal(t, "s", response.Header.Get("sec-websocket-accept"))
	assert.Equal(t, "a", response.Header.Get("x-by"))
	expect := func(r io.Reader, want string) {
		t.Helper()
		got := make([]byte, len(want))
		_, err := io.ReadFull(r, got)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	expect(fromServer, "hello")
	for range 3 {
		fmt.Fprint(client, "ping")
		expect(fromGateway, "ping")
		fmt.Fprint(server, "pong")
		expect(fromServer, "pong")
	}
	server.Close()
	_, err = fromServer.ReadByte()
	assert.Equal(t, io.EOF, err)
	entry := f.logged("ws")
	assert.Equal(t, 101, entry.ResponseCode)
	assert.EqualValues(t, len("hello")+3*len("pong"), entry.BytesSent)
	assert.EqualValues(t, 3*len("ping"), entry.BytesReceived)
}

func TestTrailersPassBothWays(t *testing.T) {
	up := backend(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("trailer", "x-sum")
		w.WriteHeader(200)
		http.NewResponseController(w).Flush()
		io.Copy(w, r.Body)
		w.Header().Set("x-sum", "got "+r.Trailer.Get("x-request-sum"))
	})
	f := start(t, Config{}, services("one", "http", up, "two", "http2", up), route("one", "/http", "one.static:80"),
		route("two", "/http2", "two.static:80"), wasmPlugin("a", `{name: a}`))
	for _, protocol := range []string{"http", "http2"} {
		for name, client := range map[string]*http.Client{"http": f.h1, "http2": f.h2} {
			t.Run(name+" to "+protocol, func(t *testing.T) {
				r := f.request("POST", "/"+protocol, io.MultiReader(strings.NewReader("abc"))) // of unknown length
				r.Trailer = http.Header{"X-Request-Sum": {"7"}}
				want := "got 7"
				res, err := client.Do(r)
				require.NoError(t, err)
				defer res.Body.Close()
				body, err := io.ReadAll(res.Body)
				require.NoError(t, err)
				assert.Equal(t, "abc", string(body))
				assert.Equal(t, http.Header{"X-Sum": {want}}, res.Trailer)
			})
		}
	}
}

func TestAnEarlyAnswerReachesAClientThatStillSends(t *testing.T) {
	f := start(t, Config{}, services("up", "http", backend(t, mirror)), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	for range 50 {
		client := f.dial()
		fmt.Fprint(client, "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100000000\r\nx-request-id: early\r\nx-a: reply no!\r\n\r\n")
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for piece := make([]byte, 64<<10); ; {
				if _, err := client.Write(piece); err != nil {
					return
				}
			}
		}()
		require.Equal(t, 401, f.logged("early").ResponseCode)
		res, err := http.ReadResponse(bufio.NewReader(client), nil)
		require.NoError(t, err, "the connection is closed before the answer was read")
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		assert.Equal(t, 401, res.StatusCode)
		assert.Equal(t, "no!", string(body))
		assert.True(t, res.Close, "the rest of the request cannot be told from the next one")
		client.Close()
		<-sent
	}
}

func TestAnEarlyAnswerReachesAnHTTP2ClientThatStillSends(t *testing.T) {
	f := start(t, Config{}, services("up", "http", backend(t, mirror)), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
	want := strings.Repeat("no!", 1<<20)
	for range 5 {
		unfinished, writer := io.Pipe()
		res, err := f.h2.Do(f.request("POST", "/", unfinished, "x-a", "long-reply no!"))
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		res.Body.Close()
		writer.Close()
		assert.Equal(t, 401, res.StatusCode)
		assert.True(t, want == string(body), "%d bytes", len(body))
	}
}

func TestAClientThatGoesAwayCancelsTheUpstreamRequest(t *testing.T) {
	for _, protocol := range []string{"http", "http2"} {
		t.Run(protocol, func(t *testing.T) {
			cancelled := make(chan struct{})
			up := backend(t, func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "first")
				http.NewResponseController(w).Flush()
				<-r.Context().Done()
				close(cancelled)
			})
			f := start(t, Config{}, services("up", protocol, up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
			client := f.dial()
			fmt.Fprint(client, "GET / HTTP/1.1\r\nhost: h\r\nx-request-id: gone\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(client), nil)
			require.NoError(t, err)
			first := make([]byte, 5)
			_, err = io.ReadFull(res.Body, first)
			require.NoError(t, err)
			client.Close()
			receive(t, "the end of the upstream request", cancelled)
			entry := f.logged("gone")
			assert.Equal(t, "DC", entry.ResponseFlags)
			assert.Equal(t, "downstream_remote_disconnect", entry.ResponseCodeDetails)
			assert.Equal(t, 200, entry.ResponseCode)
			assert.EqualValues(t, 5, entry.BytesSent)
		})
	}
}

// While the client does not read, the upstream can send no more than buffers hold.
func TestASlowClientThrottlesTheUpstream(t *testing.T) {
	const total = 256 << 20
	for _, protocol := range []string{"http", "http2"} {
		t.Run(protocol, func(t *testing.T) {
			var sent atomic.Int64
			up := backend(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/large" {
					return
				}
				piece := make([]byte, 64<<10)
				for sent.Load() < total {
					n, err := w.Write(piece)
					if sent.Add(int64(n)); err != nil {
						return
					}
				}
			})
			f := start(t, Config{}, services("up", protocol, up), route("r", "/", "up.static:80"), wasmPlugin("a", `{name: a}`))
			client := f.dial().(*net.TCPConn)
			require.NoError(t, client.SetReadBuffer(32<<10))
			fmt.Fprint(client, "GET /large HTTP/1.1\r\nhost: h\r\n\r\n")
			var last int64
			still := 0 // how often in a row nothing was sent since the last look
			eventually(t, "the upstream is throttled", func() bool {
				now := sent.Load()
				if still++; now != last || now == 0 {
					last, still = now, 0
				}
				return still == 300
			})
			assert.Less(t, last, int64(32<<20), "sockets and windows hold some megabytes, not %d", last)
			require.Equal(t, 200, f.get("/").StatusCode, "others are not throttled")
		})
	}
}
