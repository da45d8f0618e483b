package main

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
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

// pipeline sends commands in one piece, so that no time passes between them, and returns their replies.
func (c *client) pipeline(t *testing.T, commands ...[]string) []resp.Value {
	t.Helper()
	var query []byte
	for _, words := range commands {
		query = append(query, encode(words...)...)
	}
	_, err := c.conn.Write(query)
	require.NoError(t, err)
	replies := make([]resp.Value, len(commands))
	for i := range replies {
		replies[i], _, err = c.reader.ReadValue()
		require.NoError(t, err)
	}
	return replies
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

// configured is the plugin's limit of a configuration with one limit for all.
func configured(t *testing.T, algorithm ratelimit.Algorithm, rate ratelimit.Rate) limit {
	t.Helper()
	if algorithm != ratelimit.TokenBucket {
		rate.Burst = 0
	}
	l, err := newLimit("k", "", rate, algorithm)
	require.NoError(t, err)
	return l
}

// words are the command of a decision about a key.
func (l *limit) words(script, key string, more ...string) []string {
	words := []string{"eval", script, "1", key}
	for _, arg := range l.args {
		words = append(words, arg.(string))
	}
	return append(words, more...)
}

var algorithms = []ratelimit.Algorithm{ratelimit.FixedWindow, ratelimit.SlidingWindow, ratelimit.TokenBucket}

func TestParallelRequestsShareACounter(t *testing.T) {
	const threshold, clients, requests = 50, 8, 25
	redis := startRedis(t)
	for _, algorithm := range algorithms {
		t.Run(algorithm.String(), func(t *testing.T) {
			l := configured(t, algorithm, ratelimit.Rate{Threshold: threshold, Window: 3600})
			query := encode(l.words(scripts[algorithm], algorithm.String())...)
			passed := make([]int, clients)
			var wg sync.WaitGroup
			for i := range clients {
				c := redis.connect(t)
				wg.Add(1)
				go func() {
					defer wg.Done()
					for range requests {
						value, err := c.send(query)
						d, ok := l.parseDecision(value)
						if !assert.NoError(t, err) || !assert.True(t, ok) {
							return
						}
						if d.Passed {
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
		})
	}
}

// randomRate is a small one, where every request matters.
func randomRate(r *rand.Rand) ratelimit.Rate {
	return ratelimit.Rate{Threshold: 1 + r.Int64N(8), Window: []int64{60, 3600, 86400}[r.IntN(3)], Burst: 1 + r.Int64N(8)}
}

// withTestClock is a script that takes the time from its last two arguments, seconds and µs.
func withTestClock(t *testing.T, script string) string {
	t.Helper()
	const clock = "redis.call('time')"
	require.Equal(t, 1, strings.Count(script, clock))
	return strings.Replace(script, clock, "{ARGV[#ARGV - 1], ARGV[#ARGV]}", 1)
}

func TestScriptsAgreeWithTheModel(t *testing.T) {
	redis := startRedis(t).connect(t)
	for _, algorithm := range algorithms[1:] {
		t.Run(algorithm.String(), func(t *testing.T) {
			script := withTestClock(t, scripts[algorithm])
			for seed := range uint64(50) {
				r := rand.New(rand.NewPCG(seed, 3))
				l := configured(t, algorithm, randomRate(r))
				key := algorithm.String() + strconv.FormatUint(seed, 10)
				now := 1_900_000_000_000_000 + r.Int64N(1_000_000)
				var model ratelimit.State
				for step := range 60 {
					now += r.Int64N(l.Window*1_000_000) >> r.IntN(8)
					if r.IntN(50) == 0 {
						now -= l.Window * 1_500_000 // the clock is set back
					}
					if l.Spent(model, now) && r.IntN(2) == 0 {
						redis.do(t, "del", key) // as Redis does then
					}
					var want ratelimit.Decision
					model, want = l.Take(model, now)
					answers := redis.pipeline(t,
						l.words(script, key, strconv.FormatInt(now/1_000_000, 10), strconv.FormatInt(now%1_000_000, 10)),
						[]string{"pttl", key}, []string{"persist", key})
					got, ok := l.parseDecision(answers[0])
					require.True(t, ok, "%s", answers[0])
					require.Equal(t, want, got, "seed %d, step %d: %+v", seed, step, l.Limit)
					if !got.Passed {
						continue
					}
					ttl := int64(answers[1].Integer()) * 1000
					require.True(t, l.Spent(model, now+ttl+1_000_000), "seed %d, step %d: it expires when it is spent", seed, step)
					require.False(t, l.Spent(model, now+max(0, ttl-2000)), "seed %d, step %d: and not much later", seed, step)
					require.Less(t, redis.do(t, "strlen", key).Integer(), 64, "the size of a key does not depend on the number of requests")
				}
			}
		})
	}
}

func TestTheScriptForFixedWindowsAgreesWithTheModel(t *testing.T) {
	redis := startRedis(t).connect(t)
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 4))
		l := configured(t, ratelimit.FixedWindow, randomRate(r))
		key := strconv.FormatUint(seed, 10)
		now, ends := int64(1_900_000_000), int64(0)
		var model ratelimit.State
		for step := range 60 {
			now += r.Int64N(l.Window) >> r.IntN(8)
			// An expiry of the past deletes. Between the steps no time passes in Redis.
			answers := redis.pipeline(t, []string{"expire", key, strconv.FormatInt(ends-now, 10)}, l.words(script, key),
				[]string{"persist", key})
			var want ratelimit.Decision
			model, want = l.Take(model, now*1_000_000)
			got, ok := l.parseDecision(answers[1])
			require.True(t, ok)
			require.Equal(t, want, got, "seed %d, step %d: %+v", seed, step, l.Limit)
			ends = now + got.Reset
		}
	}
}

func TestScriptsUseRedisClock(t *testing.T) {
	redis := startRedis(t).connect(t)
	for _, algorithm := range algorithms {
		t.Run(algorithm.String(), func(t *testing.T) {
			l := configured(t, algorithm, ratelimit.Rate{Threshold: 1, Window: 1})
			take := func() ratelimit.Decision {
				d, ok := l.parseDecision(redis.do(t, l.words(scripts[algorithm], algorithm.String())...))
				require.True(t, ok)
				return d
			}
			require.True(t, take().Passed)
			assert.False(t, take().Passed)
			require.Eventually(t, func() bool { return take().Passed }, 10*time.Second, 10*time.Millisecond)
		})
	}
}

func TestScriptsWithTheLargestLimits(t *testing.T) {
	redis := startRedis(t).connect(t)
	for _, algorithm := range algorithms {
		for _, rate := range []ratelimit.Rate{{Threshold: 1, Window: 86400, Burst: maxThreshold}, {Threshold: maxThreshold, Window: 1, Burst: 1}, {Threshold: maxThreshold, Window: 86400, Burst: maxThreshold}} {
			l := configured(t, algorithm, rate)
			redis.do(t, "flushall")
			answer := redis.do(t, l.words(scripts[algorithm], "k")...)
			d, ok := l.parseDecision(answer)
			require.True(t, ok, "%s %+v: %s", algorithm, rate, answer)
			assert.True(t, d.Passed)
			assert.NotEqual(t, -1, redis.do(t, "pttl", "k").Integer(), "%s %+v expires, or has done so already", algorithm, rate)
		}
	}
}

func TestWhatIsNoStateCountsAsNone(t *testing.T) {
	redis := startRedis(t).connect(t)
	for _, algorithm := range algorithms[1:] {
		for _, state := range []string{"", "7", "x y z", "1 2", "nan 1", "- 1", "1 2 3 4"} {
			l := configured(t, algorithm, ratelimit.Rate{Threshold: 3, Window: 60})
			redis.do(t, "set", "k", state)
			_, ok := l.parseDecision(redis.do(t, l.words(scripts[algorithm], "k")...))
			assert.True(t, ok, "%s: %q", algorithm, state)
		}
	}
}

func TestThePluginOnARealRedis(t *testing.T) {
	redis := startRedis(t).connect(t)
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"rule_name": "r", "rule_items": [{"limit_by_per_param": "id", "limit_keys": [{"key": "*", "query_per_hour": 2}]}], `+redisService+`}`)
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
