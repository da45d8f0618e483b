//go:build envoy && !wasmplane_noredis

package wrapper

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/tidwall/resp"
)

// restCalls runs act in a request handler and returns the HTTP calls that came of it.
func restCalls(t *testing.T, act func()) (*host, []proxytest.HttpCalloutAttribute) {
	t.Helper()
	h := start(t, hostSetup{config: `{"name":"x"}`}, ProcessRequestHeaders(func(HttpContext, config) types.Action {
		act()
		return types.HeaderStopAllIterationAndWatermark
	}))
	clear(redisLogins)
	h.request(true)
	return h, h.GetCalloutAttributesFromContext(h.stream)
}

func mustInit[C Cluster](t *testing.T, client *RedisClusterClient[C], password string) {
	t.Helper()
	if err := client.Init("", password, 1000); err != nil {
		t.Error(err)
	}
}

func TestRESTCommands(t *testing.T) {
	service := FQDNCluster{FQDN: "redis.dns", Port: 80}
	client := NewRedisClusterClient(service)
	_, calls := restCalls(t, func() {
		mustInit(t, client, "s3cret")
		for _, err := range []error{
			client.Command([]interface{}{"SET", []byte("ab"), 1e21, 2.5, int64(-3)}, nil),
			client.MSet(map[string]interface{}{"b": 2, "a": true}, nil),
			client.Eval("return \"<\\>\"\n-- é\u2028", 1, []interface{}{"k"}, []interface{}{7, ""}, nil),
			RedisCall(service, []byte("*2\r\n$3\r\nGET\r\n$3\r\na\r\n\r\n"), nil),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	bodies := []string{
		`["SET","ab","1000000000000000000000","2.5","-3"]`,
		`["mset","a","true","b","2"]`,
		"[\"eval\",\"return \\\"\\u003c\\\\\\u003e\\\"\\n-- é\\u2028\",\"1\",\"k\",\"7\",\"\"]",
		`["GET","a\r\n"]`,
	}
	if len(calls) != len(bodies) {
		t.Fatalf("got %d calls, want %d", len(calls), len(bodies))
	}
	headers := [][2]string{{":method", "POST"}, {":path", "/"}, {":authority", "redis.dns"}, {"content-type", "application/json"},
		{"upstash-encoding", "base64"}, {"authorization", "Bearer s3cret"}}
	for i, call := range calls {
		if call.Upstream != "outbound|80||redis.dns" || !slices.Equal(call.Headers, headers) || string(call.Body) != bodies[i] {
			t.Errorf("call %d: got %s %q %s\nwant %s", i, call.Upstream, call.Headers, call.Body, bodies[i])
		}
	}
}

func TestRESTLogins(t *testing.T) {
	one, two := TargetCluster{Cluster: "one", Host: "h"}, TargetCluster{Cluster: "two"}
	first, second, anonymous := NewRedisClusterClient(one), NewRedisClusterClient(one), NewRedisClusterClient(two)
	_, calls := restCalls(t, func() {
		mustInit(t, first, "first")
		mustInit(t, second, "second")
		mustInit(t, anonymous, "")
		query := []byte("PING\r\n")
		_ = first.Get("k", nil)                                    // its own
		_ = RedisCall(one, query, nil)                             // the last one for the cluster
		_ = anonymous.Get("k", nil)                                // none
		_ = RedisCall(TargetCluster{Cluster: "three"}, query, nil) // none
		_ = RedisCall(RouteCluster{Host: "of-route"}, query, nil)  // none
	})
	var got []string
	for _, call := range calls {
		token := "-"
		for _, h := range call.Headers {
			if h[0] == "authorization" {
				token = h[1]
			}
		}
		got = append(got, call.Upstream+" "+call.Headers[2][1]+" "+token)
	}
	want := []string{"one h Bearer first", "one h Bearer second", "two unknownhost -", "three unknownhost -", " of-route -"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func TestRESTRefusals(t *testing.T) {
	cluster := TargetCluster{Cluster: "redis"}
	var errs []error
	_, calls := restCalls(t, func() {
		ready, never := NewRedisClusterClient(cluster), NewRedisClusterClient(cluster)
		mustInit(t, ready, "")
		errs = []error{
			never.Get("k", nil),
			ready.Set("k", []byte("\xff"), nil),
			RedisCall(cluster, nil, nil),
			RedisCall(cluster, []byte("GET a\r\nGET b\r\n"), nil),
			RedisCall(cluster, []byte("*1\r\n$4\r\nPI"), nil),
		}
	})
	for i, want := range []string{"redis client is not ready, please call Init() first", "redis command: word 2 is not valid UTF-8",
		"redis query must not be empty", "redis query: must be one command", "redis query: unexpected EOF"} {
		if errs[i] == nil || !strings.HasPrefix(errs[i].Error(), want) {
			t.Errorf("got %v, want %q", errs[i], want)
		}
	}
	if len(calls) != 0 {
		t.Fatalf("calls were made: %v", calls)
	}
}

func TestRESTInit(t *testing.T) {
	for _, c := range []struct {
		name               string
		username, password string
		option             optionFunc
		want               string // empty: no error
	}{
		{name: "nothing"},
		{name: "a token", password: "t"},
		{name: "the default user", username: "default", password: "t"},
		{name: "database 0", option: WithDataBase(0)},
		{name: "no buffer", option: WithDisableBuffer()},
		{name: "another database", option: WithDataBase(2), want: "redis database 2: a Redis HTTP gateway offers database 0 only"},
		{name: "another user", username: "gw", want: "redis username: must be empty or default, a Redis HTTP gateway knows the user by the token"},
		{name: "a line break", password: "a\nb", want: "redis password: must not hold control characters, it is sent as a bearer token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := NewRedisClusterClient(TargetCluster{Cluster: "redis"})
			mustInit(t, client, "before") // which a refused Init ends
			err := client.Init(c.username, c.password, 1000, c.option)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want || client.Ready() != (c.want == "") {
				t.Fatalf("got %q and ready %v, want %q", got, client.Ready(), c.want)
			}
		})
	}
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestRESTAnswers(t *testing.T) {
	bulk, failure := resp.StringValue, func(text string) resp.Value { return resp.ErrorValue(errors.New(text)) }
	const unreachable, unreadable, noAuth = "cannot connect to redis cluster", "cannot read redis response", "NOAUTH Authentication required."
	for _, c := range []struct {
		name   string
		status string // empty: no headers at all
		body   string
		want   resp.Value
	}{
		{"OK", "200", `{"result":"OK"}`, resp.SimpleStringValue("OK")},
		{"a value that is OK", "200", `{"result":"` + base64Of("OK") + `"}`, bulk("OK")},
		{"bytes", "200", `{"result":"` + base64Of("\x00\xff\r\n") + `"}`, bulk("\x00\xff\r\n")},
		{"an empty string", "200", `{"result":""}`, bulk("")},
		{"null", "200", `{"result":null}`, resp.NullValue()},
		{"an integer", "200", `{"result":-9223372036854775808}`, resp.IntegerValue(-9223372036854775808)},
		{"a fraction", "200", `{"result":1.50}`, bulk("1.50")},
		{"beyond 64 bits", "200", `{"result":9223372036854775808}`, bulk("9223372036854775808")},
		{"a boolean", "200", `{"result":true}`, resp.IntegerValue(1)},
		{"an empty array", "200", `{"result":[]}`, resp.ArrayValue(nil)},
		{"a nested array", "200", `{"result":[1,null,["` + base64Of("a") + `","OK",{"error":"ERR x"}]]}`, resp.ArrayValue([]resp.Value{
			resp.IntegerValue(1), resp.NullValue(),
			resp.ArrayValue([]resp.Value{bulk("a"), resp.SimpleStringValue("OK"), failure("ERR x")})})},
		{"an error", "400", `{"error":"ERR wrong number"}`, failure("ERR wrong number")},
		{"an error with status 200", "200", `{"error":"WRONGTYPE x"}`, failure("WRONGTYPE x")},
		{"an error of the gateway", "500", `{"error":"ERR upstream"}`, failure("ERR upstream")},
		{"a refused token", "401", `{"error":"Unauthorized"}`, failure(noAuth)},
		{"a forbidden one", "403", ``, failure(noAuth)},
		{"no answer", "", ``, failure(unreachable)},
		{"refused connection", "503", `upstream connect error or disconnect/reset before headers`, failure(unreachable)},
		{"timeout", "504", `upstream request timeout`, failure(unreachable)},
		{"another service", "404", `not found`, failure(unreadable)},
		{"no JSON", "200", `PONG`, failure(unreadable)},
		{"a cut answer", "200", `{"result":[1,`, failure(unreadable)},
		{"neither result nor error", "200", `{}`, failure(unreadable)},
		{"an array of answers", "200", `[{"result":1}]`, failure(unreadable)},
		{"a string that is not encoded", "200", `{"result":"value"}`, failure(unreadable)},
		{"one within an array", "200", `{"result":[1,"value"]}`, failure(unreadable)},
		{"an object", "200", `{"result":{"a":1}}`, failure(unreadable)},
		{"a result with another status", "404", `{"result":1}`, failure(unreadable)},
		{"nothing", "200", ``, failure(unreadable)},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := NewRedisClusterClient(TargetCluster{Cluster: "redis"})
			var answers []resp.Value
			h, calls := restCalls(t, func() {
				mustInit(t, client, "s3cret")
				if err := client.Get("private-key", func(v resp.Value) { answers = append(answers, v) }); err != nil {
					t.Error(err)
				}
			})
			var headers [][2]string
			if c.status != "" {
				headers = [][2]string{{":status", c.status}}
			}
			h.CallOnHttpCallResponse(calls[0].CalloutID, headers, nil, []byte(c.body))
			if len(answers) != 1 || !answers[0].Equals(c.want) || answers[0].Type() != c.want.Type() {
				t.Fatalf("got %v, want %s %v", answers, c.want.Type(), c.want)
			}
			if len(h.GetCalloutAttributesFromContext(h.stream)) != 0 {
				t.Fatal("the command was sent again")
			}
			for _, line := range slices.Concat(h.GetDebugLogs(), h.GetCriticalLogs()) {
				if strings.Contains(line, "s3cret") || strings.Contains(line, "private-key") {
					t.Fatalf("a secret was logged: %s", line)
				}
			}
			// What the server itself answered is no fault of the call.
			said := c.want.Error() != nil && slices.Contains([]string{unreachable, unreadable, noAuth}, c.want.Error().Error())
			if logged := len(h.GetCriticalLogs()) == 1; logged != said {
				t.Fatalf("critical log: got %q", h.GetCriticalLogs())
			}
		})
	}
}

func TestRESTCallbacksMaySendMore(t *testing.T) {
	client := NewRedisClusterClient(TargetCluster{Cluster: "redis"})
	var order []string
	note := func(v resp.Value) { order = append(order, v.String()) }
	h, calls := restCalls(t, func() {
		mustInit(t, client, "")
		_ = client.Incr("k", func(v resp.Value) {
			note(v)
			_ = client.Expire("k", 60, note)
		})
		_ = client.Get("other", nil)
	})
	answer := func(id uint32, body string) {
		h.CallOnHttpCallResponse(id, [][2]string{{":status", "200"}}, nil, []byte(body))
	}
	answer(calls[1].CalloutID, `{"result":null}`)
	answer(calls[0].CalloutID, `{"result":5}`)
	left := h.GetCalloutAttributesFromContext(h.stream)
	if len(left) != 1 || string(left[0].Body) != `["expire","k","60"]` {
		t.Fatalf("got calls %v", left)
	}
	answer(left[0].CalloutID, `{"result":1}`)
	if !slices.Equal(order, []string{"5", "1"}) {
		t.Fatalf("got %q", order)
	}
}
