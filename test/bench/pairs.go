package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// pair is a plugin of ours and one that does the same, with a configuration and a request for both.
type pair struct {
	name          string
	ours, other   string // folders, relative to the checkout
	configuration []byte
	request       bench.Request
	outcome       string // of the request, on both
}

const (
	keyAuth    = "key-auth"
	helloWorld = "hello-world"
	emptyPair  = "empty"
	jsonPair   = "json-body-rewrite"
	ssePair    = "sse-pass-through"
)

// twins is the module of the twins, which has a go.mod of its own as an author's plugin has.
var twins = filepath.Join("test", "bench", "twins")

func twin(name string) string { return filepath.Join(twins, name) }

func pairs() []pair {
	return []pair{
		{helloWorld, extension("hello-world"), twin(helloWorld), nil, get(), "200"},
		{keyAuth, extension("key-auth"), twin(keyAuth), keyAuthRules(domainRules, 10), get(), "passed"},
		{"request-block", extension("request-block"), twin("request-block"), requestBlockConfig, post(1024), "passed"},
		{jsonPair, subject("json-body-rewrite"), twin(jsonPair), jsonConfig, post(1024), "passed"},
		{ssePair, subject("sse-pass-through"), twin(ssePair), nil, stream(1024, 256), "passed"},
		{"redis-limiter", extension("cluster-key-rate-limit"), twin("redis-limiter"), limiterConfig, limited(), "passed"},
		{emptyPair, subject("empty"), filepath.Join("test", "bench", "plain", "empty"), nil, get(), "passed"},
	}
}

func extension(name string) string { return filepath.Join("extensions", name) }

func subject(name string) string { return filepath.Join("test", "bench", "ours", name) }

// The rule that matches is the last of each configuration's.
var (
	// In the form of the first example of request-block's README.
	requestBlockConfig = marshal(map[string]any{
		"block_urls": []string{"swagger-ui"}, "block_headers": []string{"x-forwarded-scheme"}, "block_bodies": []string{"<!ENTITY"},
		"blocked_message": "blocked", "case_sensitive": true,
	})
	jsonConfig    = marshal(map[string]any{"field": "model", "value": "large-2"})
	limiterConfig = marshal(map[string]any{
		"rule_name": "orders", "global_threshold": map[string]any{"query_per_minute": 1000},
		"redis": map[string]any{"service_name": "redis.static", "service_port": 6379}, "show_limit_quota_header": true,
	})
)

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a literal of this file
	}
	return data
}

// ruleKind makes the match of rule number i of a kind, and that of the rule that matches get().
type ruleKind struct {
	name  string
	other func(i int) (field, value string)
	field string
	value string
}

var (
	domainRules = ruleKind{"domain", func(i int) (string, string) {
		return "_match_domain_", fmt.Sprintf("tenant-%d.example.com", i)
	}, "_match_domain_", authority}
	ruleKinds = []ruleKind{
		{"route", func(i int) (string, string) { return "_match_route_", fmt.Sprintf("route-%d", i) }, "_match_route_", routeName},
		domainRules,
		{"suffix", func(i int) (string, string) {
			return "_match_domain_", fmt.Sprintf("*.tenant-%d.example.com", i)
		}, "_match_domain_", "*.example.com"},
		{"service", func(i int) (string, string) {
			return "_match_service_", fmt.Sprintf("service-%d.static:80", i)
		}, "_match_service_", "echo.static:80"},
	}
)

const (
	authority = "api.example.com"
	routeName = "default"
	theKey    = "key-of-app-a"
)

// keyAuthRules is a configuration of key-auth with n rules of a kind. The last one matches.
func keyAuthRules(kind ruleKind, n int) []byte {
	rules := make([]map[string]any, 0, n)
	for i := range n - 1 {
		field, value := kind.other(i)
		rules = append(rules, map[string]any{field: []string{value}, "allow": []string{"app-b"}})
	}
	rules = append(rules, map[string]any{kind.field: []string{kind.value}, "allow": []string{"app-a"}})
	return marshal(map[string]any{
		"global_auth": false,
		"keys":        []string{"x-api-key", "apikey"},
		"consumers":   []any{map[string]any{"name": "app-a", "credential": theKey}, map[string]any{"name": "app-b", "credential": "key-of-app-b"}},
		"_rules_":     rules,
	})
}

// get is a request with ten headers, pseudo headers included.
func get() bench.Request {
	return bench.Request{
		Headers: [][2]string{
			{":authority", authority}, {":path", "/orders/17?page=2"}, {":method", "GET"}, {":scheme", "https"},
			{"user-agent", "curl/8.0"}, {"accept", "*/*"}, {"x-forwarded-for", "10.0.0.1"}, {"x-forwarded-proto", "https"},
			{"x-request-id", "6e6a36ba-3e1b-4f0c-9d4c-3a1d0e6cbb1c"}, {"x-api-key", theKey},
		},
		RouteName: routeName, ClusterName: "outbound|80||echo.static",
	}
}

// post is a request with a JSON body of about size bytes. The field "model" comes first.
func post(size int) bench.Request {
	r := get()
	r.Headers[2][1] = "POST"
	r.Body = jsonBody(size)
	r.Headers = append(r.Headers, [2]string{"content-type", "application/json"}, [2]string{"content-length", fmt.Sprint(len(r.Body))})
	return r
}

func jsonBody(size int) []byte {
	const before, after, line = `{"model":"small-1","messages":[`, `""]}`, `"the quick brown fox jumps over the lazy dog",`
	n := max((size-len(before)-len(after))/len(line), 0)
	return append(append([]byte(before), bytes.Repeat([]byte(line), n)...), after...)
}

// stream is a request whose response has size bytes and comes in chunks.
func stream(size, chunk int) bench.Request {
	r := get()
	const event = "data: {\"delta\":\"lorem ipsum dolor sit amet\"}\n\n"
	r.ResponseBody = bytes.Repeat([]byte(event), size/len(event)+1)[:size]
	r.Chunk = chunk
	return r
}

// limited is a request that Redis lets pass: threshold, count and seconds left.
func limited() bench.Request {
	r := get()
	r.RedisReply = []byte("*3\r\n:1000\r\n:5\r\n:42\r\n")
	return r
}
