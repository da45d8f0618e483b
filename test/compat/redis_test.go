package compat

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/resp"
)

// redisServer starts a real Redis and returns its address. It skips the test where none is installed.
func redisServer(t *testing.T) string {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	free.Close()
	server := exec.Command(binary, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	output, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	said := bufio.NewScanner(output)
	for said.Scan() {
		if strings.Contains(said.Text(), "Ready to accept connections") {
			go io.Copy(io.Discard, output)
			return address
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return ""
}

// redisCommand sends one command to a Redis.
func redisCommand(t *testing.T, address string, words ...any) resp.Value {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := resp.NewWriter(conn).WriteMultiBulk(words[0].(string), words[1:]...); err != nil {
		t.Fatal(err)
	}
	value, _, err := resp.NewReader(conn).ReadValue()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestRedisLimiterCountsRequestsAMinute(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) { limitOn(t, "") })
	t.Run("redis-server", func(t *testing.T) { limitOn(t, redisServer(t)) })
}

// limitOn sends requests until one minute has seen two over the limit.
func limitOn(t *testing.T, redis string) {
	const qpm, last = 3, 5
	g := run(t, setup{program: "redis-limiter", config: `{"serviceName": "redis.static", "servicePort": 6379, "qpm": 3}`, redis: redis})
	minute, n := "", 0
	for n < last {
		got := g.get("/")
		if stamp := got.header.Get("Timestamp"); stamp != minute {
			minute, n = stamp, 0 // the first request, or a minute that ended in between
		}
		n++
		left := got.header.Get("Calltimeleft")
		if n > qpm {
			got.expect(t, 429, "Too many requests\n")
			if left != "0" {
				t.Errorf("request %d: callTimeLeft: got %q, want 0", n, left)
			}
			g.backend.takeNone(t)
			continue
		}
		got.expect(t, 200, "backend")
		if want := strconv.Itoa(qpm - n); left != want {
			t.Errorf("request %d: callTimeLeft: got %q, want %s", n, left, want)
		}
		g.backend.takeOne(t)
		if t.Failed() {
			return
		}
	}
	stamp, err := strconv.ParseInt(minute, 10, 64)
	if err != nil || stamp%60 != 0 || time.Since(time.Unix(stamp, 0)) > 2*time.Minute {
		t.Errorf("timeStamp: got %q, want the beginning of this minute", minute)
	}
	if got := redisCommand(t, g.RedisAddr(), "GET", minute).String(); got != strconv.Itoa(last) {
		t.Errorf("counter in Redis: got %q, want %d", got, last)
	}
	if ttl := redisCommand(t, g.RedisAddr(), "TTL", minute).Integer(); ttl < 1 || ttl > 60 {
		t.Errorf("the counter lives for %d s, want 60 s at most", ttl)
	}
}

func TestRedisGetPausesUntilTheAnswer(t *testing.T) {
	t.Parallel()
	g := run(t, setup{
		program: "redis-get", config: `{"redis": {"service_name": "redis-svc", "service_port": 6379, "timeout": 2000}}`,
		services: map[string]string{"redis-svc.dns:6379": "redis"},
	})
	redisCommand(t, g.RedisAddr(), "SET", "some_key", "stored")
	g.get("/").expect(t, 200, "backend")
	g.backend.takeOne(t)
	g.log.wait(t, 1, "got value: stored")

	g.mustReconfigure(`{"redis": {"service_name": "nowhere", "service_port": 6379}}`, "")
	g.get("/").expect(t, 200, "backend")
	g.backend.takeOne(t)
	if n := g.log.count("got value: stored"); n != 1 {
		t.Errorf("%d values read, want 1: an unknown service has none", n)
	}
}
