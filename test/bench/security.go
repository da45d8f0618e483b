package main

import (
	"encoding/json"

	"github.com/wasmplane/wasmplane/gateway/bench"
)

// Tokens of the plugins' examples. They expire in 2100.
const (
	jwtAuthToken    = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0Iiwic3ViIjoidS0xIiwiZXhwIjo0MTAyNDQ0ODAwLCJ1aWQiOjEyMzQ1Njc4OTB9.B2-aQ5P_wLkb8ner5SV7jEGN_a3042UGIamiMBF5oWg"
	simpleJWTToken  = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1LTEiLCJleHAiOjQxMDI0NDQ4MDB9.I3oqJy33I-Z1k6gVRhWgslQ7GHpxJitk3WJSRJF62Jc"
	oauthToken      = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImFwcGxpY2F0aW9uL2F0K2p3dCJ9.eyJpc3MiOiJIaWdyZXNzLUdhdGV3YXkiLCJzdWIiOiJiaWxsaW5nIiwiYXVkIjoiZGVmYXVsdCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNzAwMDAwMDAwLCJqdGkiOiIzZjBjN2Y2ZS02ZjBlLTRiNTItOWM3ZS0yYjFkMGE5YTRjMTEiLCJjbGllbnRfaWQiOiJjLTEifQ.IetVECryuhO8TPwZIPiXnZvVfWkNpJT_twCflyvroyY"
	apisixSignature = `Signature keyId="ak-demo",algorithm="hmac-sha256",headers="@request-target date",signature="GDFaZH2SgHMqfUz2WgHZyXI/z+MhoZKJ20jBa1nMAy8="`
)

// securityPlugins are the authentication and security plugins, each with the first example of its plugin.yaml and a request
// that passes. A session of oidc cannot be had without its provider, so its request is the one that is sent to log in.
var securityPlugins = []plugin{
	{"basic-auth", parsed(`{"global_auth": true,
		"consumers": [{"name": "alice", "credential": "alice:wonder"}, {"name": "bob", "credential": "bob:builder"}],
		"_rules_": [{"_match_route_": ["admin-ui"], "allow": ["alice"]}]}`),
		with(get(), "authorization", "Basic Ym9iOmJ1aWxkZXI="), "passed"},
	{"jwt-auth", parsed(`{"global_auth": true, "consumers": [
		{"name": "mobile", "issuer": "https://issuer.test",
		"jwks": "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k1\",\"alg\":\"HS256\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\"}]}",
		"claims_to_headers": [{"claim": "sub", "header": "x-user"}, {"claim": "uid", "header": "x-uid", "override": false}]},
		{"name": "partner", "issuer": "partner.test",
		"jwks": "{\"keys\":[{\"kty\":\"OKP\",\"kid\":\"p1\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
		"from_headers": [{"name": "x-token", "value_prefix": "JWT "}], "keep_token": false}],
		"_rules_": [{"_match_route_": ["partner-api"], "allow": ["partner"]}]}`),
		with(get(), "authorization", "Bearer "+jwtAuthToken), "passed"},
	{"simple-jwt-auth", parsed(`{"token_secret_key": "simple-secret", "token_headers": "token"}`),
		with(get(), "token", simpleJWTToken), "passed"},
	{"hmac-auth", parsed(`{"global_auth": true, "consumers": [{"name": "mobile", "key": "app-1", "secret": "app-secret-1"}],
		"_rules_": [{"_match_route_": ["status"], "_disable_": true}]}`),
		with(get(), ":path", "/v1/items?b=x%20y&a=1&flag", "accept", "application/json", "x-ca-key", "app-1",
			"x-ca-timestamp", "1900000000000", "x-ca-signature-headers", "x-ca-timestamp,X-Ca-Key",
			"x-ca-signature", "GLnmc0xt++KerdAtklVVY64e8BtHF9eb09GpzWE4PBg="), "passed"},
	{"hmac-auth-apisix", parsed(`{"global_auth": true, "clock_skew": 0, "consumers": [
		{"name": "demo", "access_key": "ak-demo", "secret_key": "sk-demo-1"}, {"access_key": "ak-two", "secret_key": "sk-two"}],
		"signed_headers": ["@request-target", "date"], "_rules_": [{"_match_route_": ["orders"], "allow": ["demo"]}]}`),
		with(get(), ":method", "POST", ":path", "/orders?id=7", "date", "Tue, 20 Nov 2029 08:00:00 GMT",
			"authorization", apisixSignature), "passed"},
	{"oauth", parsed(`{"global_auth": true, "token_ttl": 600, "keep_token": false, "consumers": [
		{"name": "billing", "client_id": "c-1", "client_secret": "cs-1"}, {"name": "report", "client_id": "c-2", "client_secret": "cs-2"}],
		"_rules_": [{"_match_route_": ["invoices"], "allow": ["billing"]}, {"_match_route_": ["health"], "_disable_": true}]}`),
		with(get(), "authorization", "Bearer "+oauthToken), "passed"},
	{"oidc", parsed(`{"redirect_url": "http://127.0.0.1:10000/oauth2/callback", "oidc_issuer_url": "https://login.corp.test/realms/shop",
		"skip_oidc_discovery": true, "login_url": "https://login.corp.test/realms/shop/auth",
		"redeem_url": "https://login.corp.test/realms/shop/token", "oidc_jwks_url": "https://login.corp.test/realms/shop/certs",
		"client_id": "shop-web", "client_secret": "s3cr3t", "cookie_secret": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
		"service_name": "login.dns", "service_port": 443, "code_challenge_method": "S256", "insecure_oidc_skip_nonce": false,
		"match_list": [{"match_rule_domain": "*", "match_rule_path": "/static/", "match_rule_type": "prefix"}]}`),
		get(), "302"},
	{"ext-auth", parsed(`{"http_service": {"endpoint_mode": "envoy", "timeout": 800,
		"endpoint": {"service_name": "authz.security.svc.cluster.local", "service_port": 9000, "service_host": "authz.internal", "path_prefix": "/check"},
		"authorization_request": {"allowed_headers": [{"exact": "cookie"}, {"prefix": "x-tenant-"}],
			"headers_to_add": {"x-gateway": "edge-1"}, "with_request_body": true, "max_request_body_bytes": 65536},
		"authorization_response": {"allowed_upstream_headers": [{"prefix": "x-auth-"}],
			"allowed_client_headers": [{"exact": "www-authenticate"}, {"exact": "location"}]}},
		"failure_mode_allow": true, "failure_mode_allow_header_add": true}`),
		post(1024), "passed"},
	{"opa", parsed(`{"policy": "gateway/http", "timeout": "800ms", "serviceSource": "k8s", "serviceName": "opa", "servicePort": 8181,
		"namespace": "policy"}`),
		answered(post(1024), `{"result":true}`), "passed"},
	{"cors", parsed(`{"allow_origins": ["https://app.shop.test"],
		"allow_origin_patterns": ["https://*.partner.test", "http://*.dev.test:[3000,8080]"], "allow_methods": ["get", "post"],
		"allow_headers": ["Content-Type", "X-Token"], "expose_headers": ["X-Total", "X-Page"], "allow_credentials": true, "max_age": 600}`),
		with(get(), "origin", "https://app.shop.test"), "passed"},
	{"ip-restriction", parsed(`{"ip_source_type": "header", "ip_header_name": "True-Client-IP",
		"allow": ["203.0.113.0/24", "2001:db8:1::/48"], "status": 451, "message": "Not available in your network"}`),
		with(get(), "true-client-ip", "203.0.113.9"), "passed"},
	{"bot-detect", parsed(`{"allow": ["^Mozilla/5\\.0 .*InternalMonitor/"], "deny": ["(?i)wget", "python-requests/\\d"],
		"blocked_code": 429, "blocked_message": "automated clients are not welcome"}`),
		with(get(), "user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"), "passed"},
	{"request-validation", parsed(`{"header_schema": {"type": "object", "required": ["x-api-version"],
		"properties": {"x-api-version": {"type": "string", "enum": ["1", "2"]}}}, "rejected_code": 400, "rejected_msg": "bad header"}`),
		with(get(), "x-api-version", "2"), "passed"},
	{"replay-protection", parsed(`{"force_nonce": true, "redis": {"service_name": "redis.static", "service_port": 6379}}`),
		firstUse(with(get(), "x-higress-nonce", "550e8400-e29b-41d4-a716-446655440000")), "passed"},
	{"sni-misdirect", nil, overHTTP2(get()), "passed"},
	{"geo-ip", parsed(`{"ip_source_type": "header", "ip_header_name": "X-Real-IP"}`),
		with(get(), "x-real-ip", "120.24.78.68"), "passed"},
	{"waf", parsed(`{"useCRS": true, "secRules": ["SecRuleRemoveById 920350", "SecRequestBodyLimit 1048576",
		"SecRule REQUEST_HEADERS:User-Agent \"@contains evilscan\" \"id:190001,phase:1,deny,status:406,log,msg:'scanner',severity:CRITICAL\""]}`),
		with(get(), "user-agent", "Mozilla/5.0 (X11; Linux x86_64)"), "passed"},
}

// parsed reads a JSON object of this file.
func parsed(text string) map[string]any {
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	return o
}

// with sets headers, given as names and values.
func with(r bench.Request, pairs ...string) bench.Request {
	headers := append([][2]string(nil), r.Headers...)
next:
	for i := 0; i < len(pairs); i += 2 {
		for j := range headers {
			if headers[j][0] == pairs[i] {
				headers[j][1] = pairs[i+1]
				continue next
			}
		}
		headers = append(headers, [2]string{pairs[i], pairs[i+1]})
	}
	r.Headers = headers
	return r
}

// answered has HTTP call-outs answered with 200 and a body.
func answered(r bench.Request, body string) bench.Request {
	r.HTTPBody = []byte(body)
	return r
}

// firstUse has Redis say that a nonce is new.
func firstUse(r bench.Request) bench.Request {
	r.RedisReply = []byte("+OK\r\n")
	return r
}

// overHTTP2 has the request come over a connection for its host.
func overHTTP2(r bench.Request) bench.Request {
	r.Properties = map[string]string{"request\x00protocol": "HTTP/2", "connection\x00requested_server_name": authority}
	return r
}
