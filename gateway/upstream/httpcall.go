package upstream

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// maxCallBody is the largest answer of a call-out, Envoy's limit for its asynchronous client.
const maxCallBody = 32 << 20

// Errors of calls that are refused at once.
var (
	ErrUnknownCluster = errors.New("unknown cluster")
	ErrNoEndpoint     = errors.New("no healthy upstream")
)

// Worker makes the call-outs of one event loop. Its methods are called on that loop; answers are posted to it.
type Worker struct {
	manager *Manager
	post    func(func()) bool

	mu    sync.Mutex
	redis map[string]*redisClient // by cluster name
}

// NewWorker returns the call-out side of an event loop that runs what is given to post.
func (m *Manager) NewWorker(post func(func()) bool) *Worker {
	w := &Worker{manager: m, post: post, redis: map[string]*redisClient{}}
	m.mu.Lock()
	m.workers = append(m.workers, w)
	m.mu.Unlock()
	return w
}

// HasCluster reports whether a cluster of that name exists.
func (w *Worker) HasCluster(name string) bool { return w.manager.Cluster(name) != nil }

// UpstreamHosts lists a cluster's endpoints as "ip:port" and a JSON text with their health.
func (w *Worker) UpstreamHosts(name string) [][2]string {
	c := w.manager.Cluster(name)
	if c == nil {
		return nil
	}
	var hosts [][2]string
	for _, address := range c.Addresses() {
		hosts = append(hosts, [2]string{address.String(), `{"health_status":"Healthy"}`})
	}
	return hosts
}

// HTTPCall sends one request and hands the whole answer to done. A connection that fails and a timeout are ordinary 503
// and 504 answers with Envoy's text; a reset in the middle of the answer, or an answer over 32 MiB, gives nil headers.
// cancel drops the call.
func (w *Worker) HTTPCall(cluster string, headers [][2]string, body []byte, timeout time.Duration,
	done func(headers [][2]string, body []byte, trailers [][2]string)) (cancel func(), err error) {
	c := w.manager.Cluster(cluster)
	if c == nil {
		return nil, ErrUnknownCluster
	}
	address, ok := c.Pick("")
	if !ok {
		return nil, ErrNoEndpoint
	}
	call := &httpCall{cluster: c, post: w.post, done: done}
	c.Active.Add(1)
	sender := c.Request(address, call)
	call.mu.Lock()
	call.sender = sender
	if timeout > 0 && !call.over {
		call.timer = time.AfterFunc(timeout, func() { call.answer(504, "upstream request timeout") })
	}
	call.mu.Unlock()
	sender.SendHeaders(callHeaders(c, headers, len(body), timeout), len(body) == 0)
	if len(body) > 0 {
		sender.SendData(append([]byte(nil), body...), true)
	}
	return call.cancel, nil
}

// callHeaders adds what Envoy adds to a call-out's headers.
func callHeaders(c *Cluster, pairs [][2]string, bodySize int, timeout time.Duration) *header.Map {
	h := header.New(pairs...)
	if bodySize > 0 {
		h.Set("content-length", strconv.Itoa(bodySize))
	}
	if !h.Has(":scheme") {
		scheme := h.Value("x-forwarded-proto")
		if scheme == "" {
			scheme = c.scheme()
		}
		h.Append(":scheme", scheme)
	}
	h.Set("x-envoy-internal", "true")
	if timeout > 0 {
		h.Set("x-envoy-expected-rq-timeout-ms", strconv.FormatInt(timeout.Milliseconds(), 10))
	}
	return h
}

// httpCall collects the answer of one call-out. The codec calls it from its own goroutine.
type httpCall struct {
	cluster *Cluster
	post    func(func()) bool
	done    func(headers [][2]string, body []byte, trailers [][2]string)

	mu       sync.Mutex
	sender   codec.Sender
	timer    *time.Timer
	over     bool
	headers  *header.Map
	body     []byte
	trailers *header.Map
}

func (h *httpCall) OnHeaders(headers *header.Map, endStream bool) {
	h.mu.Lock()
	h.headers = headers
	h.mu.Unlock()
	if endStream {
		h.complete()
	}
}

func (h *httpCall) OnData(data []byte, endStream bool) {
	h.mu.Lock()
	h.body = append(h.body, data...)
	tooLarge := len(h.body) > maxCallBody
	h.mu.Unlock()
	switch {
	case tooLarge:
		h.finish(true, nil, nil, nil)
	case endStream:
		h.complete()
	}
}

func (h *httpCall) OnTrailers(trailers *header.Map) {
	h.mu.Lock()
	h.trailers = trailers
	h.mu.Unlock()
	h.complete()
}

func (h *httpCall) OnReset(err *codec.ResetError) {
	h.mu.Lock()
	started := h.headers != nil
	h.mu.Unlock()
	if started {
		h.finish(false, nil, nil, nil)
		return
	}
	h.answer(503, ResetText(err))
}

func (h *httpCall) OnWriteBuffer(bool) {}

func (h *httpCall) complete() {
	h.finish(false, h.headers.Pairs(), h.body, h.trailers.Pairs())
}

// answer ends the call with a reply of the gateway's own.
func (h *httpCall) answer(code int, text string) {
	h.finish(true, [][2]string{
		{":status", strconv.Itoa(code)},
		{"content-length", strconv.Itoa(len(text))},
		{"content-type", "text/plain"},
		{"date", time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")},
		{"server", "envoy"},
	}, []byte(text), nil)
}

func (h *httpCall) cancel() {
	if sender, first := h.end(); first && sender != nil {
		sender.Reset()
	}
}

// end marks the call as over; first is true for the one caller that may report it.
func (h *httpCall) end() (sender codec.Sender, first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return nil, false
	}
	h.over = true
	if h.timer != nil {
		h.timer.Stop()
	}
	h.cluster.Active.Add(-1)
	return h.sender, true
}

func (h *httpCall) finish(reset bool, headers [][2]string, body []byte, trailers [][2]string) {
	sender, first := h.end()
	if !first {
		return
	}
	if reset && sender != nil {
		sender.Reset()
	}
	if headers == nil || strings.HasPrefix(headers[0][1], "5") {
		h.cluster.Failures.Add(1)
	}
	h.post(func() { h.done(headers, body, trailers) })
}

// ResetText is Envoy's text for an upstream request that failed before response headers.
func ResetText(err *codec.ResetError) string {
	return "upstream connect error or disconnect/reset before headers. reset reason: " + ResetReason(err)
}

// ResetReason is Envoy's name for what went wrong, with the transport's own words where there are any.
func ResetReason(err *codec.ResetError) string {
	switch err.Kind {
	case codec.ConnectFailure:
		reason := "remote connection failure"
		if err.Err != nil {
			reason += ", transport failure reason: delayed connect error: " + transportReason(err.Err)
		}
		return reason
	case codec.ConnectTimeout:
		return "connection timeout"
	case codec.ProtocolError:
		return "protocol error"
	case codec.LocalReset:
		return "local reset"
	case codec.RemoteReset:
		return "remote reset"
	default:
		return "connection termination"
	}
}
