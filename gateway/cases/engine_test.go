package cases

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// fakeEngine is a reverse proxy in place of a gateway. The plugin's configuration names its behaviour, so that a case
// can make it misbehave:
//
//	deny: N            answers /deny… with status N, "denied" and the details fake.denied
//	limit: N           the first N requests pass, the others get 429
//	addRequest: V      sets x-added: V on the request; addResponse on the response
//	dropRequestBody    forwards no body; buffer collects bodies before it passes them on
//	call: PATH         calls idp.dns:443 with that path before it forwards
//	callLater: PATH    calls it in the background, and logs "answered" and the status
//	forwardAnyway      forwards what it denies; forwardLate does so when the next request comes
//	truncate           resets the response after its headers
//	corrupt            changes one byte of the request body
//	log: TEXT          is logged for each request
//	redis: CMD         is sent to redis.static:6379 before the request is forwarded
//	refuse: TEXT       is no configuration
//	breakPrevious      when refused, forgets the configuration in force
type fakeEngine struct {
	listener net.Listener
	server   *codec.Server
	pool     *codec.Pool
	redis    string

	mu       sync.Mutex
	config   fakeConfig
	up       map[string]string
	log      strings.Builder
	access   map[string]map[string]any
	logged   chan struct{}
	passed   int
	late     *header.Map
	prepared []Configuration
	applied  []Configuration
	prepare  error
}

type fakeConfig struct {
	Deny            int    `json:"deny"`
	Limit           int    `json:"limit"`
	AddRequest      string `json:"addRequest"`
	AddResponse     string `json:"addResponse"`
	DropRequestBody bool   `json:"dropRequestBody"`
	Buffer          bool   `json:"buffer"`
	Call            string `json:"call"`
	CallLater       string `json:"callLater"`
	ForwardAnyway   bool   `json:"forwardAnyway"`
	ForwardLate     bool   `json:"forwardLate"`
	Truncate        bool   `json:"truncate"`
	Corrupt         bool   `json:"corrupt"`
	Log             string `json:"log"`
	Redis           []any  `json:"redis"`
	Refuse          string `json:"refuse"`
	BreakPrevious   bool   `json:"breakPrevious"`
	Silent          bool   `json:"silent"`
}

func newFakeEngine(t *testing.T) *fakeEngine {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	e := &fakeEngine{listener: ln, pool: codec.NewPool(codec.PoolConfig{}), access: map[string]map[string]any{}, logged: make(chan struct{})}
	e.server = codec.NewServer(codec.ServerConfig{NewStream: func(_ *codec.Conn, s codec.Sender) codec.Receiver {
		return &fakeStream{engine: e, down: s}
	}})
	go e.server.Serve(ln)
	t.Cleanup(func() {
		e.server.Close()
		e.pool.Close()
	})
	return e
}

func (e *fakeEngine) Name() string         { return "gateway" }
func (e *fakeEngine) Address() string      { return e.listener.Addr().String() }
func (e *fakeEngine) RedisAddress() string { return e.redis }

func (e *fakeEngine) Prepare(_ context.Context, configurations []Configuration) error {
	e.prepared = configurations
	return e.prepare
}

func (e *fakeEngine) Apply(_ context.Context, c Configuration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.applied = append(e.applied, c)
	e.log.Reset()
	first, _, _ := strings.Cut(string(c.Manifests), "\n---\n")
	var resource struct {
		Spec struct {
			PluginConfig fakeConfig `json:"pluginConfig"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(first), &resource); err != nil {
		return err
	}
	config := resource.Spec.PluginConfig
	if config.Refuse != "" {
		if config.BreakPrevious {
			e.config = fakeConfig{}
		}
		return &LoadError{Text: "plugin refused: " + config.Refuse}
	}
	e.config, e.up, e.passed = config, c.Upstreams, 0
	return nil
}

func (e *fakeEngine) Log() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.log.String()
}

func (e *fakeEngine) AccessLog(ctx context.Context, id string) (map[string]any, error) {
	for {
		e.mu.Lock()
		line, ok := e.access[id]
		logged := e.logged
		e.mu.Unlock()
		if ok {
			return line, nil
		}
		select {
		case <-logged:
		case <-ctx.Done():
			return nil, fmt.Errorf("no access log line of request %s: %w", id, ctx.Err())
		}
	}
}

func (e *fakeEngine) done(h *header.Map, status, details string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.config.Log != "" {
		fmt.Fprintf(&e.log, "[info] %s\n", e.config.Log)
	}
	if e.config.Silent {
		return
	}
	e.access[h.Value("x-request-id")] = map[string]any{"response_code": status, "response_code_details": details, "bytes": 12.0}
	close(e.logged)
	e.logged = make(chan struct{})
}

// fakeStream is one exchange: the receiver of the request; its answer's is fakeResponse.
type fakeStream struct {
	engine *fakeEngine
	config fakeConfig
	down   codec.Sender
	up     codec.Sender
	head   *header.Map
	held   []byte
	denied bool
}

func (x *fakeStream) OnHeaders(h *header.Map, endStream bool) {
	e := x.engine
	e.mu.Lock()
	x.config, x.head = e.config, h
	e.passed++
	limited := x.config.Limit > 0 && e.passed > x.config.Limit
	up := e.up
	e.mu.Unlock()
	if limited {
		x.reply(429)
		return
	}
	if x.config.Deny > 0 && strings.HasPrefix(h.Value(":path"), "/deny") {
		x.denied = true
		if x.config.ForwardLate {
			e.mu.Lock()
			e.late = h.Clone()
			e.mu.Unlock()
		}
		if !x.config.ForwardAnyway {
			x.reply(x.config.Deny)
			return
		}
	}
	x.forwardLate(up)
	out := h.Clone()
	if x.config.AddRequest != "" {
		out.Set("x-added", x.config.AddRequest)
	}
	if x.config.DropRequestBody {
		out.Remove("content-length")
		endStream = true
	}
	if x.config.Call != "" {
		for _, path := range strings.Fields(x.config.Call) {
			x.call(up["idp.dns:443"], path)
		}
	}
	if x.config.CallLater != "" {
		s := e.pool.Request(up["idp.dns:443"], &laterCall{engine: e})
		s.SendHeaders(header.New([2]string{":method", "GET"}, [2]string{":path", x.config.CallLater}, [2]string{":authority", "idp.example"}), true)
	}
	if len(x.config.Redis) > 0 {
		go x.redis(up["redis.static:6379"], func() { x.forward(up, out, endStream) })
		return
	}
	x.forward(up, out, endStream)
}

func (x *fakeStream) redis(address string, then func()) {
	c, err := dialRedis(context.Background(), address)
	if err != nil {
		x.reply(503)
		return
	}
	defer c.close()
	var words []string
	for _, word := range x.config.Redis {
		words = append(words, fmt.Sprint(word))
	}
	if _, err := c.do(words...); err != nil {
		x.reply(503)
		return
	}
	then()
}

func (x *fakeStream) forward(up map[string]string, out *header.Map, endStream bool) {
	x.up = x.engine.pool.Request(up[Backend], &fakeResponse{fakeStream: x})
	x.up.SendHeaders(out, endStream)
}

// forwardLate forwards the request that was denied before.
func (x *fakeStream) forwardLate(up map[string]string) {
	x.engine.mu.Lock()
	late := x.engine.late
	x.engine.late = nil
	x.engine.mu.Unlock()
	if late != nil {
		answered := make(chan struct{})
		x.engine.pool.Request(up[Backend], callout(answered)).SendHeaders(late, true)
		<-answered
	}
}

func (x *fakeStream) call(address, path string) {
	answered := make(chan struct{})
	s := x.engine.pool.Request(address, callout(answered))
	s.SendHeaders(header.New([2]string{":method", "GET"}, [2]string{":path", path}, [2]string{":authority", "idp.example"}), true)
	<-answered
}

// callout only waits for the end of the answer.
type callout chan struct{}

func (c callout) OnHeaders(_ *header.Map, endStream bool) { c.end(endStream) }
func (c callout) OnData(_ []byte, endStream bool)         { c.end(endStream) }
func (c callout) OnTrailers(*header.Map)                  { c.end(true) }
func (c callout) OnReset(*codec.ResetError)               { c.end(true) }
func (c callout) OnWriteBuffer(bool)                      {}
func (c callout) end(is bool) {
	if is {
		close(c)
	}
}

// laterCall logs the status of an answer.
type laterCall struct{ engine *fakeEngine }

func (c *laterCall) OnHeaders(h *header.Map, _ bool) {
	c.engine.mu.Lock()
	defer c.engine.mu.Unlock()
	fmt.Fprintf(&c.engine.log, "[info] answered %s\n", h.Value(":status"))
}
func (c *laterCall) OnData([]byte, bool)       {}
func (c *laterCall) OnTrailers(*header.Map)    {}
func (c *laterCall) OnReset(*codec.ResetError) {}
func (c *laterCall) OnWriteBuffer(bool)        {}

func (x *fakeStream) reply(status int) {
	h := header.New([2]string{":status", fmt.Sprint(status)}, [2]string{"x-denied", ""}, [2]string{"set-cookie", "a=1"}, [2]string{"set-cookie", "b=2"})
	x.engine.done(x.head, fmt.Sprint(status), "via_fake::fake.denied")
	x.down.SendHeaders(h, false)
	x.down.SendData([]byte("denied"), true)
}

func (x *fakeStream) OnData(data []byte, endStream bool) {
	if x.up == nil || x.config.DropRequestBody {
		return
	}
	if x.config.Corrupt && len(data) > 0 {
		data = append([]byte(nil), data...)
		data[0] ^= 1
	}
	if x.config.Buffer && !endStream {
		x.held = append(x.held, data...)
		return
	}
	x.up.SendData(append(x.held, data...), endStream)
}

func (x *fakeStream) OnTrailers(t *header.Map) {
	if x.up != nil {
		x.up.SendTrailers(t)
	}
}

func (x *fakeStream) OnReset(*codec.ResetError) {
	if x.up != nil {
		x.up.Reset()
	}
}
func (x *fakeStream) OnWriteBuffer(bool) {}

// fakeResponse is the receiver of the upstream's answer.
type fakeResponse struct {
	*fakeStream
	held []byte
}

func (x *fakeResponse) OnHeaders(h *header.Map, endStream bool) {
	if x.denied {
		if !x.config.ForwardLate {
			x.reply(x.config.Deny)
		}
		return
	}
	if x.config.AddResponse != "" {
		h.Set("x-added", x.config.AddResponse)
	}
	x.down.SendHeaders(h, endStream && !x.config.Truncate)
	if x.config.Truncate {
		x.down.Reset()
		return
	}
	x.end(endStream)
}

func (x *fakeResponse) OnData(data []byte, endStream bool) {
	if x.denied {
		return
	}
	if x.config.Buffer && !endStream {
		x.held = append(x.held, data...)
		return
	}
	x.end(endStream)
	x.down.SendData(append(x.held, data...), endStream)
}

func (x *fakeResponse) OnTrailers(t *header.Map) {
	x.end(true)
	x.down.SendTrailers(t)
}

func (x *fakeResponse) OnReset(*codec.ResetError) { x.down.Reset() }

func (x *fakeResponse) end(is bool) {
	if is && !x.denied {
		x.engine.done(x.head, "200", "via_upstream")
	}
}
