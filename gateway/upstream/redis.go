package upstream

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/resp"
)

// redisSettings are the parameters of a worker's client for one cluster; the last RedisInit wins for everyone.
type redisSettings struct {
	user, password string
	database       int
	timeout        time.Duration // of an operation, restarted by every reply
	flushAfter     time.Duration // how long a command may wait for others
	flushAt        int           // bytes that are sent at once
}

// defaultRedisSettings are used by calls before any init.
var defaultRedisSettings = redisSettings{timeout: time.Second, flushAfter: 3 * time.Millisecond, flushAt: 1024}

// RedisInit sets the parameters of this worker's client for a cluster, whose name may carry a query
// (?db=1&buffer_flush_timeout=3&max_buffer_size_before_flush=1024). Changed parameters close existing connections and
// fail what is pending on them.
func (w *Worker) RedisInit(cluster, user, password string, timeout time.Duration) error {
	name, query, _ := strings.Cut(cluster, "?")
	if !w.HasCluster(name) {
		return ErrUnknownCluster
	}
	settings := defaultRedisSettings
	settings.user, settings.password = user, password
	if timeout > 0 {
		settings.timeout = timeout
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("redis parameters %q: %w", query, err)
	}
	for key, set := range map[string]func(int){
		"db":                           func(n int) { settings.database = n },
		"buffer_flush_timeout":         func(n int) { settings.flushAfter = time.Duration(n) * time.Millisecond },
		"max_buffer_size_before_flush": func(n int) { settings.flushAt = n },
	} {
		if text := values.Get(key); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return fmt.Errorf("redis parameter %s: must be a number, not %q", key, text)
			}
			set(n)
		}
	}
	w.client(name).configure(settings)
	return nil
}

// RedisCall sends one command, given as RESP, and posts the reply's RESP bytes to done; ok is false after a network
// failure or a timeout.
func (w *Worker) RedisCall(cluster string, query []byte, done func(ok bool, reply []byte)) error {
	name, _, _ := strings.Cut(cluster, "?")
	c := w.manager.Cluster(name)
	if c == nil {
		return ErrUnknownCluster
	}
	address, ok := c.Pick("")
	if !ok {
		return ErrNoEndpoint
	}
	w.client(name).call(c, address, append([]byte(nil), query...), func(ok bool, reply []byte) {
		w.post(func() { done(ok, reply) })
	})
	return nil
}

func (w *Worker) client(name string) *redisClient {
	w.mu.Lock()
	defer w.mu.Unlock()
	client := w.redis[name]
	if client == nil {
		client = &redisClient{settings: defaultRedisSettings, opts: w.manager.opts, conns: map[netip.AddrPort]*redisConn{}}
		w.redis[name] = client
	}
	return client
}

// forget closes the client of a cluster that is gone or changed; its settings stay for a cluster of the same name.
func (w *Worker) forget(name string) {
	w.mu.Lock()
	client := w.redis[name]
	w.mu.Unlock()
	if client != nil {
		client.closeAll()
	}
}

// redisClient is one worker's client of one cluster: a connection per endpoint.
type redisClient struct {
	opts Options

	mu       sync.Mutex
	settings redisSettings
	conns    map[netip.AddrPort]*redisConn
}

func (c *redisClient) configure(settings redisSettings) {
	c.mu.Lock()
	changed := c.settings != settings
	c.settings = settings
	c.mu.Unlock()
	if changed {
		c.closeAll()
	}
}

func (c *redisClient) closeAll() {
	c.mu.Lock()
	conns := c.conns
	c.conns = map[netip.AddrPort]*redisConn{}
	c.mu.Unlock()
	for _, conn := range conns {
		conn.fail()
	}
}

func (c *redisClient) call(cluster *Cluster, address netip.AddrPort, query []byte, done func(bool, []byte)) {
	c.mu.Lock()
	conn := c.conns[address]
	if conn == nil || conn.closed() {
		conn = newRedisConn(c.settings)
		c.conns[address] = conn
		go conn.run(func(ctx context.Context) (net.Conn, error) { return cluster.dial(ctx, address, c.opts) }, c.opts.connectTimeout())
	}
	c.mu.Unlock()
	conn.send(query, done)
}

// redisConn is one connection with its requests in order. All pending requests fail together.
type redisConn struct {
	settings redisSettings

	mu      sync.Mutex
	pending []func(ok bool, reply []byte) // nil entries are for AUTH and SELECT, whose replies are dropped
	out     bytes.Buffer
	conn    net.Conn
	dead    bool
	timer   *time.Timer // the operation timeout
	flush   *time.Timer
	wake    chan struct{}
}

func newRedisConn(settings redisSettings) *redisConn {
	c := &redisConn{settings: settings, wake: make(chan struct{}, 1)}
	if settings.password != "" {
		auth := []string{"auth", settings.password}
		if settings.user != "" {
			auth = []string{"auth", settings.user, settings.password}
		}
		c.greet(auth...)
	}
	if settings.database != 0 {
		c.greet("select", strconv.Itoa(settings.database))
	}
	return c
}

func (c *redisConn) greet(words ...string) {
	values := make([]resp.Value, len(words))
	for i, word := range words {
		values[i] = resp.StringValue(word)
	}
	raw, _ := resp.ArrayValue(values).MarshalRESP() // strings always marshal
	c.out.Write(raw)
	c.pending = append(c.pending, nil)
}

func (c *redisConn) closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

// send queues a command. It is written when the buffer is full or has waited long enough.
func (c *redisConn) send(query []byte, done func(bool, []byte)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		done(false, nil)
		return
	}
	c.out.Write(query)
	c.pending = append(c.pending, done)
	if c.timer == nil && c.conn != nil {
		c.timer = time.AfterFunc(c.settings.timeout, c.fail)
	}
	if c.out.Len() >= c.settings.flushAt || c.settings.flushAfter == 0 {
		c.signal()
		return
	}
	if c.flush == nil {
		c.flush = time.AfterFunc(c.settings.flushAfter, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.flush = nil
			c.signal()
		})
	}
}

func (c *redisConn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run connects, then writes what is queued until the connection ends. A goroutine of its own reads.
func (c *redisConn) run(dial func(context.Context) (net.Conn, error), connectTimeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	conn, err := dial(ctx)
	cancel()
	if err != nil {
		c.fail()
		return
	}
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		conn.Close()
		return
	}
	c.conn = conn
	if len(c.pending) > 0 {
		c.timer = time.AfterFunc(c.settings.timeout, c.fail)
	}
	c.mu.Unlock()
	go c.read(conn)
	c.signal()
	for range c.wake {
		c.mu.Lock()
		if c.dead {
			c.mu.Unlock()
			return
		}
		data := append([]byte(nil), c.out.Bytes()...)
		c.out.Reset()
		c.mu.Unlock()
		if _, err := conn.Write(data); err != nil {
			c.fail()
			return
		}
	}
}

func (c *redisConn) read(conn net.Conn) {
	defer c.fail()
	reader := resp.NewReader(bufio.NewReader(conn))
	for {
		value, _, err := reader.ReadValue()
		if err != nil {
			return
		}
		raw, err := value.MarshalRESP()
		if err != nil {
			return
		}
		done, ok := c.answered()
		if !ok {
			return // a reply that nobody asked for
		}
		if done != nil {
			done(true, raw)
		}
	}
}

// answered takes the oldest pending request and restarts the operation timeout for the others.
func (c *redisConn) answered() (done func(bool, []byte), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead || len(c.pending) == 0 {
		return nil, false
	}
	done, c.pending = c.pending[0], c.pending[1:]
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	if len(c.pending) > 0 {
		c.timer = time.AfterFunc(c.settings.timeout, c.fail)
	}
	return done, true
}

// fail closes the connection and fails everything that is pending.
func (c *redisConn) fail() {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return
	}
	c.dead = true
	pending, conn := c.pending, c.conn
	c.pending = nil
	for _, timer := range []*time.Timer{c.timer, c.flush} {
		if timer != nil {
			timer.Stop()
		}
	}
	c.signal()
	c.mu.Unlock()
	if conn != nil {
		conn.Close()
	}
	for _, done := range pending {
		if done != nil {
			done(false, nil)
		}
	}
}
