package compat

import (
	"strconv"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/test/internal/redis"
)

func TestRedisLimiterCountsRequestsAMinute(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) { limitOn(t, "") })
	t.Run("redis-server", func(t *testing.T) { limitOn(t, redis.Server(t)) })
}

// limitOn sends requests until one minute has seen two over the limit.
func limitOn(t *testing.T, address string) {
	const qpm, last = 3, 5
	g := run(t, setup{program: "redis-limiter", config: `{"serviceName": "redis.static", "servicePort": 6379, "qpm": 3}`, redis: address})
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
	if got := redis.Do(t, g.RedisAddr(), "GET", minute).String(); got != strconv.Itoa(last) {
		t.Errorf("counter in Redis: got %q, want %d", got, last)
	}
	if ttl := redis.Do(t, g.RedisAddr(), "TTL", minute).Integer(); ttl < 1 || ttl > 60 {
		t.Errorf("the counter lives for %d s, want 60 s at most", ttl)
	}
}

func TestRedisGetPausesUntilTheAnswer(t *testing.T) {
	t.Parallel()
	g := run(t, setup{
		program: "redis-get", config: `{"redis": {"service_name": "redis-svc", "service_port": 6379, "timeout": 2000}}`,
		services: map[string]string{"redis-svc.dns:6379": "redis"},
	})
	redis.Do(t, g.RedisAddr(), "SET", "some_key", "stored")
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
