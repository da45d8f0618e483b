package redisrest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wasmplane/wasmplane/gateway/redisrest"
	"github.com/wasmplane/wasmplane/test/internal/redis"
)

func TestBridge(t *testing.T) {
	address := redis.Any(t)
	rest := "http://" + serve(t, redisrest.New(address, "s3cret"))
	redis.Do(t, address, "SET", "bytes", "\x00\xff")
	redis.Do(t, address, "RPUSH", "list", "a", "OK")
	for _, c := range []struct {
		name   string
		path   string
		token  string // empty: none
		base64 bool
		body   string
		status int
		want   string // body; ends in … when only its beginning counts
	}{
		{"a simple string", "/", "s3cret", true, `["SET","k","v"]`, 200, `{"result":"OK"}`},
		{"another one", "/", "s3cret", true, `["PING"]`, 200, `{"result":"UE9ORw=="}`},
		{"a bulk string", "/", "s3cret", false, `["GET","k"]`, 200, `{"result":"v"}`},
		{"bytes", "/", "s3cret", true, `["GET","bytes"]`, 200, `{"result":"AP8="}`},
		{"null", "/", "s3cret", true, `["GET","nothing"]`, 200, `{"result":null}`},
		{"an integer, a number in the command", "/", "s3cret", true, `["INCRBY","n",41]`, 200, `{"result":41}`},
		{"an array, a value that is OK", "/", "s3cret", true, `["LRANGE","list",0,-1]`, 200, `{"result":["YQ==","T0s="]}`},
		{"a nested array", "/", "s3cret", true, `["EVAL","return {1,{'a'}}",0]`, 200, `{"result":[1,["YQ=="]]}`},
		{"an error", "/", "s3cret", true, `["INCR","k"]`, 400, `{"error":"ERR value is not an integer or out of range"}`},
		{"a pipeline", "/pipeline", "s3cret", true, `[["SET","p","1"],["INCR","p"],["INCR","k"],["GET","p"]]`, 200,
			`[{"result":"OK"},{"result":2},{"error":"ERR value is not an integer or out of range"},{"result":"Mg=="}]`},
		{"an empty pipeline", "/pipeline", "s3cret", true, `[]`, 200, `[]`},
		{"no token", "/", "", true, `["FLUSHALL"]`, 401, `{"error":"WRONGPASS invalid or missing auth token"}`},
		{"another token", "/", "s3cre", true, `["FLUSHALL"]`, 401, `{"error":"WRONGPASS invalid or missing auth token"}`},
		{"no command", "/", "s3cret", true, `[]`, 400, `{"error":"ERR empty command"}`},
		{"a word that is none", "/", "s3cret", true, `["SET","k",[]]`, 400, `{"error":"ERR word 2 of the command is neither a string nor a number"}`},
		{"no JSON", "/", "s3cret", true, `SET k v`, 400, `{"error":"ERR …`},
		{"another endpoint", "/get/k", "s3cret", true, ``, 404, `{"error":"ERR no such endpoint"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, rest+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.token != "" {
				request.Header.Set("Authorization", "Bearer "+c.token)
			}
			if c.base64 {
				request.Header.Set("Upstash-Encoding", "base64")
			}
			wantAnswer(t, request, c.status, c.want)
		})
	}
	t.Run("another method", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, rest, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer s3cret")
		wantAnswer(t, request, 405, `{"error":"ERR the method must be POST"}`)
	})
	t.Run("no Redis", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+serve(t, redisrest.New("127.0.0.1:1", "")), strings.NewReader(`["PING"]`))
		if err != nil {
			t.Fatal(err)
		}
		wantAnswer(t, request, 502, `{"error":"ERR redis: …`)
	})
	if got := redis.Do(t, address, "GET", "k").String(); got != "v" {
		t.Errorf("k: got %q, want v: what was refused has no effect", got)
	}
}

func wantAnswer(t *testing.T, request *http.Request, status int, want string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.TrimSpace(string(body))
	beginning, cut := strings.CutSuffix(want, "…")
	if response.StatusCode != status || got != want && !(cut && strings.HasPrefix(got, beginning)) {
		t.Errorf("got %d %s, want %d %s", response.StatusCode, got, status, want)
	}
	if kind := response.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content-type: got %q", kind)
	}
}
