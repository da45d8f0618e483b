package main

import "github.com/wasmplane/wasmplane/gateway/bench"

// trafficPlugins are the traffic and transformation plugins, each with a configuration of an ordinary user.
var trafficPlugins = []plugin{
	{"cache-control", parsed(`{"suffix": "css|js|woff2", "expires": 86400}`), with(get(), ":path", "/a/style.css?v=2"), "passed"},
	{"custom-response", parsed(`{"rules": [{"enable_on_status": ["404"], "status_code": 200, "body": "{}"}, {"enable_on_status": ["5xx"], "status_code": 502}]}`),
		get(), "passed"},
	{"gw-error-format", parsed(`{"rules": [{"match": {"statuscode": 503}, "replace": {"statuscode": 502, "responsebody": "{}"}}]}`), get(), "passed"},
	{"log-request-response", parsed(`{"request": {"headers": {"enabled": true}, "body": {"enabled": true}}, "response": {"headers": {"enabled": true}, "body": {"enabled": true}},
		"mask_fields": ["password"]}`), post(4096), "passed"},
	{"transformer", parsed(`{"reqRules": [{"operate": "add", "headers": [{"key": "x-a", "value": "b"}]}]}`), get(), "passed"},
	{"traffic-editor", parsed(`{"defaultConfig": {"commands": [{"type": "set", "target": {"type": "request_header", "name": "x-a"}, "value": "b"}]}}`),
		get(), "passed"},
	{"traffic-tag", parsed(`{"defaultTagKey": "x-lane", "defaultTagVal": "stable", "conditionGroups": [{"headerName": "x-lane", "headerValue": "canary", "logic": "or",
		"conditions": [{"conditionType": "cookie", "key": "uid", "operator": "percentage", "value": [15]}, {"conditionType": "header", "key": "x-team", "operator": "in", "value": ["qa", "sre"]}]}]}`),
		with(get(), "cookie", "uid=u1"), "passed"},
	{"frontend-gray", parsed(`{"grayKey": "uid", "rules": [{"name": "pilot", "grayKeyValue": ["17", "42"], "grayTagKey": "tier", "grayTagValue": ["gold"]}],
		"baseDeployment": {"version": "3.1"}, "grayDeployments": [{"name": "pilot", "version": "3.2-rc", "backendVersion": "green", "enabled": true}],
		"skippedPaths": ["/api/**"], "injection": {"head": ["<script src=/m.js></script>"]}}`),
		with(get(), ":path", "/", "cookie", "uid=42"), "passed"},
	{"model-mapper", parsed(`{"modelMapping": {"small-1": "large-1", "gpt-4-*": "qwen-max", "*": "qwen-turbo"}, "enableOnPathSuffix": ["/17"]}`), post(4096), "passed"},
	{"model-router", parsed(`{"modelToHeader": "x-model", "addProviderHeader": "x-provider", "enableOnPathSuffix": ["/17"]}`), post(4096), "passed"},
	{"key-rate-limit", parsed(`{"limit_by_header": "x-app", "limit_keys": [{"key": "mobile", "query_per_second": 100000000}]}`),
		with(get(), "x-app", "mobile"), "passed"},
	{"response-cache", parsed(`{"cache": {"type": "redis", "serviceName": "redis.static", "servicePort": 6379, "cacheTTL": 600}, "cacheKeyFromHeader": "x-item"}`),
		get(), "passed"},
	{"jsonrpc-converter", parsed(`{"stage": "request"}`),
		jsonBodyOf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add","arguments":{"x":1}}}`), "passed"},
	{"api-workflow", parsed(`{"workflow": {"edges": [{"source": "start", "target": "continue", "conditional": "eq {{start||user}} alice"}]}}`),
		jsonBodyOf(`{"user":"alice"}`), "passed"},
	{"de-graphql", parsed(`{"gql": "query ($n: Int) { x(n: $n) }"}`), with(get(), ":path", "/w?n=x"), "400"},
	{"chatgpt-proxy", parsed(`{"apiKey": "sk-demo"}`), with(get(), ":path", "/chat"), "400"},
	{"streaming-body-example", parsed(`{"find": "fox", "replace": "cat"}`), post(4096), "passed"},
}

// jsonBodyOf is a POST with a JSON body.
func jsonBodyOf(body string) bench.Request {
	r := with(post(0), "content-type", "application/json")
	r.Body = []byte(body)
	return r
}
