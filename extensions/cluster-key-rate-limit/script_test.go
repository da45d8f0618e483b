package main

import (
	"bytes"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/resp"
)

// server is a redis-server of the test's own.
type server struct{ socket string }

// startRedis starts a redis-server on a socket, and skips the test where none is installed.
func startRedis(t *testing.T) server {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("needs a redis-server on PATH: apt-get install redis-server, or brew install redis")
	}
	s := server{socket: filepath.Join(t.TempDir(), "redis.sock")}
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", s.socket, "--save", "", "--appendonly", "no")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	require.Eventually(t, func() bool {
		conn, err := net.Dial("unix", s.socket)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, 10*time.Second, 10*time.Millisecond, "redis-server does not start")
	return s
}

// client is a connection. Use it in one goroutine.
type client struct {
	conn   net.Conn
	reader *resp.Reader
}

func (s server) connect(t *testing.T) *client {
	t.Helper()
	conn, err := net.Dial("unix", s.socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &client{conn, resp.NewReader(conn)}
}

// send sends a command as it travels and returns its reply.
func (c *client) send(query []byte) (resp.Value, error) {
	if _, err := c.conn.Write(query); err != nil {
		return resp.Value{}, err
	}
	value, _, err := c.reader.ReadValue()
	return value, err
}

func (c *client) do(t *testing.T, words ...string) resp.Value {
	t.Helper()
	value, err := c.send(encode(words...))
	require.NoError(t, err)
	return value
}

func encode(words ...string) []byte {
	list := make([]resp.Value, len(words))
	for i, word := range words {
		list[i] = resp.StringValue(word)
	}
	query, _ := resp.ArrayValue(list).MarshalRESP()
	return query
}

// count runs the script.
func (c *client) count(t *testing.T, key string, threshold, window int) quota {
	t.Helper()
	q, ok := parseQuota(c.do(t, "eval", script, "1", key, strconv.Itoa(threshold), strconv.Itoa(window)))
	require.True(t, ok)
	return q
}

func TestScript(t *testing.T) {
	redis := startRedis(t).connect(t)

	t.Run("threshold requests pass, and the counter stops one above", func(t *testing.T) {
		for i, want := range []int{1, 2, 3, 4, 4, 4} {
			q := redis.count(t, "a", 3, 60)
			assert.Equal(t, quota{threshold: 3, count: want, reset: 60}, q, "request %d", i+1)
		}
		assert.Equal(t, "4", redis.do(t, "get", "a").String())
	})
	t.Run("the window starts with the first request", func(t *testing.T) {
		redis.count(t, "b", 3, 60)
		redis.do(t, "expire", "b", "7")
		assert.Equal(t, quota{3, 2, 7}, redis.count(t, "b", 3, 60))
		assert.Equal(t, 7, redis.do(t, "ttl", "b").Integer())
	})
	t.Run("after the window counting starts again", func(t *testing.T) {
		redis.count(t, "c", 1, 60)
		redis.count(t, "c", 1, 60)
		redis.do(t, "pexpire", "c", "1")
		require.Eventually(t, func() bool { return redis.do(t, "exists", "c").Integer() == 0 }, 5*time.Second, time.Millisecond)
		assert.Equal(t, quota{1, 1, 60}, redis.count(t, "c", 1, 60))
	})
	t.Run("a counter without expiry gets one, below the threshold", func(t *testing.T) {
		redis.do(t, "set", "d", "2")
		assert.Equal(t, quota{5, 3, 60}, redis.count(t, "d", 5, 60))
		assert.Equal(t, 60, redis.do(t, "ttl", "d").Integer())
	})
	t.Run("and above it, instead of blocking for ever", func(t *testing.T) {
		redis.do(t, "set", "e", "6")
		assert.Equal(t, quota{5, 6, 60}, redis.count(t, "e", 5, 60))
		assert.Equal(t, 60, redis.do(t, "ttl", "e").Integer())
	})
	t.Run("a threshold that was lowered keeps the counter", func(t *testing.T) {
		for range 10 {
			redis.count(t, "f", 100, 60)
		}
		assert.Equal(t, quota{3, 10, 60}, redis.count(t, "f", 3, 60))
	})
	t.Run("the largest threshold", func(t *testing.T) {
		assert.Equal(t, quota{maxThreshold, 1, 60}, redis.count(t, "g", maxThreshold, 60))
	})
	t.Run("something else under the key is an error", func(t *testing.T) {
		redis.do(t, "lpush", "h", "x")
		_, ok := parseQuota(redis.do(t, "eval", script, "1", "h", "1", "60"))
		assert.False(t, ok)
	})
}

func TestParallelRequestsShareACounter(t *testing.T) {
	const threshold, clients, requests = 50, 8, 25
	redis := startRedis(t)
	query := encode("eval", script, "1", "k", strconv.Itoa(threshold), "3600")
	passed := make([]int, clients)
	var wg sync.WaitGroup
	for i := range clients {
		c := redis.connect(t)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range requests {
				value, err := c.send(query)
				q, ok := parseQuota(value)
				if !assert.NoError(t, err) || !assert.True(t, ok) {
					return
				}
				if q.count <= q.threshold {
					passed[i]++
				}
			}
		}()
	}
	wg.Wait()
	sum := 0
	for _, n := range passed {
		sum += n
	}
	assert.Equal(t, threshold, sum, "of %d", clients*requests)
}

func TestThePluginOnARealRedis(t *testing.T) {
	redis := startRedis(t).connect(t)
	test.RunGoTest(t, func(t *testing.T) {
		host := start(t, `{"rule_name": "r", "rule_items": [{"limit_by_per_param": "id", "limit_keys": [{"key": "*", "query_per_hour": 2}]}], `+redisService+`}`)
		for i, step := range []struct {
			path string
			pass bool
		}{
			{"/?id=a", true}, {"/?id=a", true}, {"/?id=a", false}, {"/?id=b", true}, {"/?id=a", false},
			{"/?id=%0D%0A", true}, {"/?id=%00", true}, {"/?id=%0D%0A", true}, {"/?id=%0d%0a", false},
		} {
			require.Equal(t, types.HeaderStopAllIterationAndWatermark, host.CallOnHttpRequestHeaders(request(step.path)))
			calls := host.GetRedisCalloutAttributes()
			require.Len(t, calls, 1)
			reply, err := redis.send(calls[0].Query)
			require.NoError(t, err)
			raw, err := reply.MarshalRESP()
			require.NoError(t, err)
			host.CallOnRedisCall(0, raw)
			assert.Equal(t, step.pass, host.GetLocalResponse() == nil, "request %d", i+1)
			assert.Equal(t, step.pass, host.GetHttpStreamAction() == types.ActionContinue, "request %d", i+1)
			host.CompleteHttp()
		}
	})
}
