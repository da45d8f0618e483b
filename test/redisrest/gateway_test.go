package redisrest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/redisrest"
	"github.com/wasmplane/wasmplane/gateway/server"
	"github.com/wasmplane/wasmplane/test/internal/redis"
)

func TestTheModuleRunsEverywhere(t *testing.T) {
	code, err := os.ReadFile(limiterModule(t))
	if err != nil {
		t.Fatal(err)
	}
	m, err := module.Parse(code)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Hosts() {
		if !v.Runs {
			t.Errorf("%s: %s", v.Host, strings.Join(v.Reasons, "; "))
		}
	}
	for _, name := range []string{"proxy_redis_init", "proxy_redis_call", "proxy_inject_encoded_data_to_filter_chain",
		"proxy_get_upstream_hosts", "proxy_set_upstream_override_host"} {
		if slices.ContainsFunc(m.Imports, func(i module.Import) bool { return i.Name == name }) {
			t.Errorf("it imports %s", name)
		}
	}
	if !slices.ContainsFunc(m.Imports, func(i module.Import) bool { return i.Name == "proxy_http_call" }) {
		t.Error("it imports no proxy_http_call")
	}
}

func TestLimit(t *testing.T) {
	address := redis.Any(t)
	g := run(t, `{"rule_name": "g", "global_threshold": {"query_per_day": 3}, "show_limit_quota_header": true,
		"redis": {"service_name": "limiter.static", "username": "default", "password": "s3cret"}}`, serve(t, redisrest.New(address, "s3cret")))
	const counter = "higress-cluster-key-rate-limit:g:global_threshold:86400"
	for n := 1; n <= 5; n++ {
		response, body, err := g.get()
		if err != nil {
			t.Fatal(err)
		}
		status, left, text := 200, strconv.Itoa(3-n), "backend"
		if n > 3 {
			status, left, text = 429, "0", "Too many requests"
		}
		if response.StatusCode != status || body != text {
			t.Errorf("request %d: got %d %q, want %d %q", n, response.StatusCode, body, status, text)
		}
		if limit, got := response.Header.Get("X-RateLimit-Limit"), response.Header.Get("X-RateLimit-Remaining"); limit != "3" || got != left {
			t.Errorf("request %d: got limit %q and remaining %q, want 3 and %s", n, limit, got, left)
		}
		reset, err := strconv.Atoi(response.Header.Get("X-RateLimit-Reset"))
		if refused := n > 3; (err == nil) != refused || refused && (reset < 86000 || reset > 86400) {
			t.Errorf("request %d: got reset %q", n, response.Header.Get("X-RateLimit-Reset"))
		}
	}
	if got := redis.Do(t, address, "GET", counter).String(); got != "4" {
		t.Errorf("counter: got %q, want 4", got)
	}
	if got := redis.Do(t, address, "TTL", counter).Integer(); got < 86000 || got > 86400 {
		t.Errorf("the counter lives for %d s", got)
	}
	if got := g.backend.count(); got != 3 {
		t.Errorf("the backend got %d requests, want 3", got)
	}
}

func TestParallelRequestsAreCountedExactly(t *testing.T) {
	const threshold, requests = 50, 200
	address := redis.Any(t)
	g := run(t, `{"rule_name": "p", "global_threshold": {"query_per_day": 50},
		"redis": {"service_name": "limiter.static", "timeout": 20000}}`, serve(t, redisrest.New(address, "")))
	var mu sync.Mutex
	statuses := map[int]int{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range requests / 20 {
				response, _, err := g.get()
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				statuses[response.StatusCode]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if statuses[200] != threshold || statuses[429] != requests-threshold {
		t.Errorf("got %v, want %d of 200 and %d of 429", statuses, threshold, requests-threshold)
	}
	if got := g.backend.count(); got != threshold {
		t.Errorf("the backend got %d requests, want %d", got, threshold)
	}
	if got := redis.Do(t, address, "GET", "higress-cluster-key-rate-limit:p:global_threshold:86400").String(); got != strconv.Itoa(threshold+1) {
		t.Errorf("counter: got %q, want %d", got, threshold+1)
	}
}

func TestRequestsPassWithoutAVerdict(t *testing.T) {
	address := redis.Any(t)
	bridge := redisrest.New(address, "s3cret")
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	for _, c := range []struct {
		name     string
		password string
		service  string       // empty: limiter.static
		handler  http.Handler // nil: nothing listens
		want     string       // in the log
	}{
		{"a refused token", "wrong", "", bridge, "redis response parse error, response: NOAUTH Authentication required."},
		{"no token", "", "", bridge, "redis response parse error, response: NOAUTH Authentication required."},
		{"nothing listens", "s3cret", "", nil, "redis response parse error, response: cannot connect to redis cluster"},
		{"no answer in time", "s3cret", "", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done() // which the call's timeout brings about
		}), "redis response parse error, response: cannot connect to redis cluster"},
		{"no such service", "s3cret", "nowhere.static", bridge, "redis call failed: "},
		{"an error of Redis", "s3cret", "", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, `{"error":"OOM command not allowed"}`)
		}), "redis response parse error, response: OOM command not allowed"},
		{"another service", "s3cret", "", http.NotFoundHandler(), "redis response parse error, response: cannot read redis response"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rest, service := refusing.Addr().String(), c.service
			if c.handler != nil {
				rest = serve(t, drained(c.handler))
			}
			if service == "" {
				service = "limiter.static"
			}
			g := run(t, `{"rule_name": "f", "global_threshold": {"query_per_day": 1},
				"redis": {"service_name": "`+service+`", "password": "`+c.password+`", "timeout": 200}}`, rest)
			for range 2 {
				response, body, err := g.get()
				if err != nil {
					t.Fatal(err)
				}
				if response.StatusCode != 200 || body != "backend" {
					t.Errorf("got %d %q, want the backend's answer", response.StatusCode, body)
				}
			}
			if got := g.logged(c.want); got != 2 {
				t.Errorf("%d log lines with %q, want 2", got, c.want)
			}
			if c.password == "s3cret" && g.logged("s3cret") != 0 {
				t.Error("the token was logged")
			}
		})
	}
	if got := redis.Do(t, address, "DBSIZE").Integer(); got != 0 {
		t.Errorf("redis has %d keys, want none", got)
	}
}

// drained reads a request's body before the handler runs: only then does the server notice that the client has left.
func drained(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler.ServeHTTP(w, r)
	})
}

func TestConfigurationsThatAGatewayCannotHonourDoNotLoad(t *testing.T) {
	for _, c := range []struct{ name, redis, want string }{
		{"a database", `"database": 2`, "redis database 2: a Redis HTTP gateway offers database 0 only"},
		{"a user", `"username": "gw"`, "redis username: must be empty or default, a Redis HTTP gateway knows the user by the token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := `{"rule_name": "g", "global_threshold": {"query_per_day": 3}, "redis": {"service_name": "limiter.static", ` + c.redis + `}}`
			var log strings.Builder
			g, err := server.New(t.Context(), server.Config{
				Listen: "127.0.0.1:0", Admin: "off", Profile: abi.Envoy, NoEcho: true, Concurrency: 1, Log: &log,
				Inline:   manifests(t, config),
				CacheDir: filepath.Join(runFolder, "modules"),
			})
			if err != nil {
				t.Fatal(err)
			}
			g.Close()
			for _, want := range []string{c.want, "cluster-key-rate-limit does not load and is skipped (FAIL_OPEN)"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log has no %q:\n%s", want, log.String())
				}
			}
		})
	}
}
