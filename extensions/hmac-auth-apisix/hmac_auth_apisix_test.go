package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

const oneCaller = `"consumers": [{"name": "demo", "access_key": "ak-demo", "secret_key": "sk-demo-1"}]`

// first and second are the examples of the specification of this plugin's behaviour.
const (
	first = `{"global_auth": true, "consumers": [{"name": "demo", "access_key": "ak-demo", "secret_key": "sk-demo-1"}, {"access_key": "ak-two", "secret_key": "sk-two"}],
		"allowed_algorithms": ["hmac-sha256", "hmac-sha512"], "signed_headers": ["date", "@request-target", "X-Tenant"], "hide_credentials": true}`
	second = `{"global_auth": true, "clock_skew": 0, "validate_request_body": true, "anonymous_consumer": "guest", ` + oneCaller + `}`

	keyOnly = `Signature keyId="ak-demo",algorithm="hmac-sha256",signature="Uws5SB9iSORvUqOLoru2uMToYAMd1oXsiDeXKk9dJH4="`
)

// pluginClock is the clock of the plugin that the test host runs: the host takes the first one that was registered.
var pluginClock = time.Now

func TestMain(m *testing.M) {
	register(func() time.Time { return pluginClock() })
	os.Exit(m.Run())
}

// signedAt is the date of the vector.
var signedAt = time.Date(2029, 11, 20, 8, 0, 0, 0, time.UTC)

func clock(after time.Duration) func() time.Time {
	return func() time.Time { return signedAt.Add(after) }
}

// vector is a request whose signature was computed elsewhere.
func vector(algorithm, signature string) [][2]string {
	return plugintest.Request("POST", "/orders?id=7", "date: Tue, 20 Nov 2029 08:00:00 GMT", "x-tenant: blue",
		`authorization: Signature keyId="ak-demo",algorithm="`+algorithm+`",headers="@request-target date x-tenant",signature="`+signature+`"`)
}

const (
	vectorSHA1   = "7a0M1QySP6qoeqtR9WCIQRTM+d8="
	vectorSHA256 = "+vhJ9g1LlJ5iKQ9ltUTIv8VTeakIV+U/Siyzrg2E/oE="
	vectorSHA512 = "F1pP3EFAItt/9E2XM5lU+BaLsh0hBxAIvUTGdv0SaPnVKJg4NvgpxnhuxFZqLiN/tQl5K1gv2Eczplq2RBhYRQ=="
)

// signed signs a request over a text, with the key id before it.
func signed(text, list string, headers [][2]string) [][2]string {
	value := `Signature keyId="ak-demo",algorithm="hmac-sha256",headers="` + list + `",signature="` +
		signature.SHA256.Sign("sk-demo-1", "ak-demo\n"+text) + `"`
	return append(headers, [2]string{authorization, value})
}

func load(t testing.TB, config string, now func() time.Time) (*Config, *plugintest.Log) {
	t.Helper()
	r := plugintest.KeepLog()
	var c Config
	require.NoError(t, newTable(now).ParseGlobal(gjson.Parse(config), &c))
	return &c, r
}

// judge is what becomes of a request without a body: "" if it passes, else the message of the refusal.
func judge(config *Config, headers [][2]string) string {
	value, state := consumers.Credential(headers, authorization)
	if state == consumers.Unusable {
		return message(&badSignature)
	}
	r, refusal := config.Auth.attribute(headers, value)
	if refusal == nil {
		refusal = config.Auth.judge(config, r)
	}
	return message(refusal)
}

func message(r *consumers.Refusal) string {
	if r == nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(r.Body, `{"message":"client request can't be validated: `), `"}`)
}

func TestVectors(t *testing.T) {
	config, _ := load(t, first, clock(0))
	all, _ := load(t, `{`+oneCaller+`}`, clock(0))
	assert.Empty(t, judge(config, vector("hmac-sha256", vectorSHA256)))
	assert.Empty(t, judge(config, vector("hmac-sha512", vectorSHA512)))
	assert.Equal(t, "Invalid algorithm", judge(config, vector("hmac-sha1", vectorSHA1)))
	assert.Empty(t, judge(all, vector("hmac-sha1", vectorSHA1)))
	for _, signature := range []string{vectorSHA1, vectorSHA512, vectorSHA256 + " ", vectorSHA256[:43], "", strings.TrimRight(vectorSHA256, "=")} {
		assert.NotEmpty(t, judge(all, vector("hmac-sha256", signature)), signature)
	}
	open, _ := load(t, second, clock(0))
	assert.Empty(t, judge(open, plugintest.Request("GET", "/", authorization+": "+keyOnly)))
}

func TestTimes(t *testing.T) {
	dated := func(lines ...string) [][2]string {
		return append(plugintest.Request("GET", "/", lines...), [2]string{authorization, keyOnly})
	}
	at := "date: Tue, 20 Nov 2029 08:00:00 GMT"
	tests := []struct {
		name, config string
		after        time.Duration
		headers      [][2]string
		want         string
	}{
		{"at once", ``, 0, dated(at), ""},
		{"the latest", ``, 300 * time.Second, dated(at), ""},
		{"just under a second more", ``, 301*time.Second - 1, dated(at), ""},
		{"a second more", ``, 301 * time.Second, dated(at), "Clock skew exceeded"},
		{"the earliest", ``, -300 * time.Second, dated(at), ""},
		{"a second earlier", ``, -301 * time.Second, dated(at), "Clock skew exceeded"},
		{"another limit", `"clock_skew": "10", `, 11 * time.Second, dated(at), "Clock skew exceeded"},
		{"a limit with a fraction", `"clock_skew": 10.9, `, 11 * time.Second, dated(at), "Clock skew exceeded"},
		{"an immense limit", `"clock_skew": 1e300, `, 90 * 365 * 24 * time.Hour, dated(at), ""},
		{"no limit", `"clock_skew": 0, `, time.Hour, dated(), ""},
		{"a negative limit", `"clock_skew": -300, `, time.Hour, dated("date: x"), ""},
		{"a limit that is null", `"clock_skew": null, `, time.Hour, dated(at), "Clock skew exceeded"},
		{"no date", ``, 0, dated(), "Date header missing. failed to validate clock skew"},
		{"an empty date", ``, 0, dated("date: "), "Date header missing. failed to validate clock skew"},
		{"an empty date, then another one", ``, 0, dated("date: ", at), "Invalid GMT format time"},
		{"two dates", ``, 0, dated(at, "date: x"), "Invalid GMT format time"},
		{"another form", ``, 0, dated("date: 2029-11-20"), "Invalid GMT format time"},
		{"another zone", ``, 0, dated("date: Tue, 20 Nov 2029 08:00:00 +0000"), "Invalid GMT format time"},
		{"the first year", ``, 0, dated("date: Mon, 01 Jan 0001 00:00:00 GMT"), "Clock skew exceeded"},
		{"the last year", ``, 0, dated("date: Fri, 31 Dec 9999 23:59:59 GMT"), "Clock skew exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config, _ := load(t, `{`+tt.config+oneCaller+`}`, clock(tt.after))
			assert.Equal(t, tt.want, judge(config, tt.headers))
		})
	}
}

func TestWhatIsSigned(t *testing.T) {
	const refused = "Invalid signature"
	tests := []struct {
		name, fields, text, list string
		headers                  [][2]string
		want                     string
	}{
		{"nothing", ``, "", "", plugintest.Request("GET", "/"), ""},
		{"the target", ``, "GET //a/../b?x=%zz;y#z\n", "@request-target", plugintest.Request("GET", "//a/../b?x=%zz;y#z"), ""},
		{"another target", ``, "GET /b?x=%zz;y#z\n", "@request-target", plugintest.Request("GET", "//a/../b?x=%zz;y#z"), refused},
		{"a fragment is part of it", ``, "GET /\n", "@request-target", plugintest.Request("GET", "/#x"), refused},
		{"names as they are listed, in that order", ``, "X-B: 2\nx-a: 1\n", "X-B x-a", plugintest.Request("GET", "/", "x-a: 1", "x-b: 2"), ""},
		{"in another order", ``, "x-a: 1\nX-B: 2\n", "X-B x-a", plugintest.Request("GET", "/", "x-a: 1", "x-b: 2"), refused},
		{"absent ones are left out", ``, "x-a: 1\n", "x-a x-b", plugintest.Request("GET", "/", "x-a: 1"), ""},
		{"empty ones are not", ``, "x-a: \n", "x-a", plugintest.Request("GET", "/", "x-a: "), ""},
		{"the host", ``, "host: a.example\n", "host", plugintest.Request("GET", "/"), ""},
		{"several spaces", ``, "x-a: 1\n", "  x-a ", plugintest.Request("GET", "/", "x-a: 1"), ""},
		{"a header twice, alike", ``, "x-a: 1\n", "x-a", plugintest.Request("GET", "/", "x-a: 1", "x-a: 1"), ""},
		{"a header twice", ``, "x-a: 1\n", "x-a", plugintest.Request("GET", "/", "x-a: 1", "x-a: 2"), refused},
		{"a header that is not signed twice", ``, "x-a: 1\n", "x-a", plugintest.Request("GET", "/", "x-a: 1", "x-b: 1", "x-b: 2"), ""},
		{"what is required, in any case", `"signed_headers": ["X-A"], `, "x-a: 1\n", "x-a", plugintest.Request("GET", "/", "x-a: 1"), ""},
		{"required and absent", `"signed_headers": ["X-A"], `, "", "x-a", plugintest.Request("GET", "/"), `expected header "X-A" missing in signing`},
		{"required and not listed", `"signed_headers": ["X-A"], `, "", "x-b", plugintest.Request("GET", "/", "x-a: 1"), `expected header "X-A" missing in signing`},
		{"required and no list", `"signed_headers": ["X-A"], `, "", "", plugintest.Request("GET", "/", "x-a: 1"), "headers missing"},
		{"a required host", `"signed_headers": ["Host"], `, "host: a.example\n", "host", plugintest.Request("GET", "/"), ""},
		{"a required target", `"signed_headers": ["@Request-Target"], `, "GET /\n", "@request-target", plugintest.Request("GET", "/"), ""},
		{"a required target in capitals", `"signed_headers": ["@request-target"], `, "", "@REQUEST-TARGET", plugintest.Request("GET", "/"), `expected header "@request-target" missing in signing`},
		{"strictly", `"require_signed": "strict", "clock_skew": 0, `, "GET /\ndate: x\n", "@request-target date", plugintest.Request("GET", "/", "date: x"), ""},
		{"strictly, without the target", `"require_signed": "strict", `, "date: x\n", "date", plugintest.Request("GET", "/", "date: x"), `expected header "@request-target" missing in signing`},
		{"strictly, without the date", `"require_signed": "strict", `, "GET /\n", "@request-target", plugintest.Request("GET", "/", "date: x"), `expected header "date" missing in signing`},
		{"as many headers as there may be", ``, strings.Repeat("x-a: 1\n", 512), strings.TrimSuffix(strings.Repeat("x-a ", 512), " "), plugintest.Request("GET", "/", "x-a: 1"), ""},
		{"more headers", ``, strings.Repeat("x-a: 1\n", 513), strings.TrimSuffix(strings.Repeat("x-a ", 513), " "), plugintest.Request("GET", "/", "x-a: 1"), refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fields := tt.fields
			if !strings.Contains(fields, "clock_skew") {
				fields += `"clock_skew": 0, `
			}
			config, _ := load(t, `{`+fields+oneCaller+`}`, time.Now)
			assert.Equal(t, tt.want, judge(config, signed(tt.text, tt.list, tt.headers)))
		})
	}
}

func TestAuthorization(t *testing.T) {
	config, _ := load(t, `{"clock_skew": 0, `+oneCaller+`}`, time.Now)
	lines := func(values ...string) (list [][2]string) {
		for _, value := range values {
			list = append(list, [2]string{authorization, value})
		}
		return append(plugintest.Request("GET", "/"), list...)
	}
	tests := []struct {
		name    string
		headers [][2]string
		want    string
	}{
		{"none", lines(), "missing Authorization header"},
		{"an empty one", lines(""), "missing Authorization header"},
		{"the scheme in another case", lines("signature " + keyOnly[10:]), "Authorization header does not start with 'Signature '"},
		{"the scheme alone", lines("Signature"), "Authorization header does not start with 'Signature '"},
		{"no parameters", lines("Signature "), "keyId or signature missing"},
		{"an empty key", lines(`Signature keyId="",signature="x"`), "keyId or signature missing"},
		{"no signature", lines(`Signature keyId="ak-demo"`), "keyId or signature missing"},
		{"no algorithm", lines(`Signature keyId="nobody",signature="x"`), "algorithm missing"},
		{"nobody's key", lines(`Signature keyId="nobody",signature="x",algorithm="x"`), "Invalid keyId"},
		{"a key in another case", lines(`Signature keyId="AK-DEMO",signature="x",algorithm="x"`), "Invalid keyId"},
		{"the same twice", lines(keyOnly, keyOnly), ""},
		{"two", lines(keyOnly, "Basic x"), "Invalid signature"},
		{"two in the other order", lines("Basic x", keyOnly), "Invalid signature"},
		{"32 KiB", lines(keyOnly + strings.Repeat(" ", consumers.MaxCredential-len(keyOnly))), ""},
		{"more than 32 KiB", lines(keyOnly + strings.Repeat(" ", consumers.MaxCredential)), "Invalid signature"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, judge(config, tt.headers)) })
	}
}

func TestParameters(t *testing.T) {
	tests := []struct {
		text string
		want credentials
	}{
		{`keyId="a",algorithm="b",signature="c",headers="d e"`, credentials{keyID: "a", algorithm: "b", signature: "c", listed: []string{"d", "e"}}},
		{`signature="c"keyId="a"`, credentials{keyID: "a", signature: "c"}},
		{`keyId="a" keyId="b"`, credentials{keyID: "b"}},
		{`keyId = "a"`, credentials{}},
		{`keyId='a'`, credentials{}},
		{`KEYID="a"`, credentials{}},
		{`xkeyId="a"`, credentials{}},
		{`x-keyId="a"`, credentials{keyID: "a"}},
		{`x="keyId="a"`, credentials{}},
		{`="keyId="a"`, credentials{keyID: "a"}},
		{`keyId="a`, credentials{}},
		{`headers=""`, credentials{}},
		{`headers=" a  b"`, credentials{listed: []string{"", "a", "", "b"}}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, parseParameters(tt.text), tt.text)
	}
}

func TestLoadErrors(t *testing.T) {
	const secret = "TOPSECRET"
	tests := []struct{ config, want string }{
		{`{"consumers": "x"}`, "consumers: must be a list of objects"},
		{`{"consumers": [{"access_key": {}, "secret_key": "TOPSECRET"}]}`, "consumers[0].access_key: must be a string"},
		{`{"consumers": [{"secret_key": "TOPSECRET"}]}`, "consumers[0].access_key: consumer access_key is required"},
		{`{"consumers": [{"access_key": "a"}]}`, "consumers[0].secret_key: consumer secret_key is required"},
		{`{"consumers": [{"access_key": "a", "secret_key": "TOPSECRET"}, {"access_key": "a", "secret_key": "TOPSECRET"}]}`, "duplicate consumer access_key: a"},
		{`{"consumers": [{"access_key": "a\n", "secret_key": "TOPSECRET"}]}`, "consumers[0].access_key: must not hold control characters"},
		{`{"consumers": [{"access_key": "a", "secret_key": "TOPSECRET", "name": "a\u0000"}]}`, "consumers[0].name: must not hold control characters"},
		{`{"allowed_algorithms": "hmac-md5", ` + oneCaller + `}`, "invalid allowed_algorithm: hmac-md5. Must be one of: hmac-sha1, hmac-sha256, hmac-sha512"},
		{`{"allowed_algorithms": ["HMAC-SHA256"], ` + oneCaller + `}`, "invalid allowed_algorithm: HMAC-SHA256. Must be one of: hmac-sha1, hmac-sha256, hmac-sha512"},
		{`{"clock_skew": true, ` + oneCaller + `}`, "clock_skew: must be a whole number, not true"},
		{`{"validate_request_body": "maybe", ` + oneCaller + `}`, `validate_request_body: must be true or false, not "maybe"`},
		{`{"anonymous_consumer": "a\r\nb", ` + oneCaller + `}`, "anonymous_consumer: must not hold control characters"},
		{`{"require_signed": "loose", ` + oneCaller + `}`, `require_signed: must be one of strict, not "loose"`},
		{`{"max_req_body_size": 1, ` + oneCaller + `}`, "max_req_body_size: needs validate_request_body"},
		{`{"nonce_header": "a b", ` + oneCaller + `}`, "nonce_header: must be the name of a header"},
		{`{"replay_protection": "nonce", "clock_skew": -1, ` + oneCaller + `}`, "replay_protection: needs clock_skew"},
	}
	for _, tt := range tests {
		t.Run(tt.config, func(t *testing.T) {
			plugintest.KeepLog()
			var config Config
			err := newTable(time.Now).ParseGlobal(gjson.Parse(tt.config), &config)
			require.EqualError(t, err, tt.want)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestWarnings(t *testing.T) {
	const date = "signed_headers: without date, the date of a request that was listened to can be replaced"
	const body = "signed_headers: without digest, the body of a request that was listened to can be replaced"
	tests := []struct {
		config string
		want   []string
	}{
		{`{` + oneCaller + `}`, []string{date}},
		{`{"signed_headers": ["Date"], ` + oneCaller + `}`, nil},
		{`{"replay_protection": "signature", ` + oneCaller + `}`, nil},
		{`{"clock_skew": 0, ` + oneCaller + `}`, []string{"clock_skew: the dates of requests are not looked at"}},
		{`{"signed_headers": ["date"], "validate_request_body": true, ` + oneCaller + `}`, []string{body}},
		{`{"signed_headers": ["date", "Digest"], "validate_request_body": true, ` + oneCaller + `}`, nil},
		{`{"require_signed": "strict", "validate_request_body": true, ` + oneCaller + `}`, nil},
	}
	for _, tt := range tests {
		_, r := load(t, tt.config, time.Now)
		assert.Equal(t, tt.want, r.Lines, tt.config)
	}

	global, r := load(t, `{"signed_headers": ["date"], `+oneCaller+`, "_rules_": [{}, {}]}`, time.Now)
	var rule Config
	require.NoError(t, newTable(time.Now).ParseRule(gjson.Parse(`{"allow": "nobody", "consumers": 7, "_disable_": 7}`), *global, &rule))
	assert.Equal(t, []string{"consumers: has no effect in a rule", `allow[0]: no consumer is named "nobody"`}, r.Lines)
	assert.True(t, rule.Required())
	assert.False(t, rule.Allows("demo"))
}

func TestNamesAreEscapedInMessages(t *testing.T) {
	config, _ := load(t, `{"consumers": [{"access_key": "a", "secret_key": "s", "name": "q\"\\\tq"}]}`, time.Now)
	refusal := config.Auth.callers["a"].notAllowed
	assert.True(t, json.Valid([]byte(refusal.Body)))
	assert.Equal(t, "client request can't be validated: consumer 'q\"\\\tq' is not allowed", gjson.Get(refusal.Body, "message").String())
}

func TestPhases(t *testing.T) {
	const buffer, pass, hold, stop = types.DataStopIterationAndBuffer, types.ActionContinue, types.HeaderStopIteration, types.HeaderStopAllIterationAndWatermark
	post := func(lines ...string) [][2]string {
		return plugintest.Request("POST", "/", append([]string{authorization + ": " + keyOnly}, lines...)...)
	}
	digest := "digest: SHA-256=H8fX0zPcSkHw/L3jZ0Xy+rxEGmrg6Eb/zTLOtEONzCo="
	handshake := []string{"connection: Upgrade", "upgrade: websocket"}
	tests := []struct {
		name, config string
		now          func() time.Time
		headers      [][2]string
		ends         bool
		onHeaders    types.Action
		chunks       []string
		onChunks     []types.Action
		details      string
		consumer     string
		absent       string
	}{
		{"the vector, without its credentials", first, nil, vector("hmac-sha256", vectorSHA256), true, pass, nil, nil, "", "demo", authorization},
		{"a body that is not looked at", first, nil, vector("hmac-sha256", vectorSHA256), false, pass, []string{"a", "b"}, []types.Action{pass, pass}, "", "demo", ""},
		{"a body is waited for", second, nil, post(digest), false, hold, []string{`{"q`, `ty"`, `:2}`}, []types.Action{buffer, buffer, pass}, "", "demo", ""},
		{"binary data is, too", second, nil, post("content-type: application/octet-stream", "content-encoding: gzip"), false, hold, []string{"x", "y"}, []types.Action{buffer, stop}, "hmac-auth-apisix.bad_digest", "", ""},
		{"gRPC is, too", second, nil, post("content-type: application/grpc", digest), false, hold, []string{`{"qty":2}`}, []types.Action{pass}, "", "demo", ""},
		{"an empty body", second, nil, post("digest: SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), false, hold, []string{""}, []types.Action{pass}, "", "demo", ""},
		{"no body", second, nil, post("content-type: text/plain"), true, pass, nil, nil, "", "demo", ""},
		{"a handshake has no body", second, nil, plugintest.Request("GET", "/", append(handshake, authorization+": "+keyOnly)...), false, pass, []string{"x"}, []types.Action{pass}, "", "demo", ""},
		{"a handshake with one", second, nil, plugintest.Request("GET", "/", append(handshake, authorization+": "+keyOnly, "content-length: 9", digest)...), false, stop, nil, nil, "hmac-auth-apisix.bad_digest", "", ""},
		{"a handshake by POST with one", second, nil, post(append(handshake, "content-length: 9", digest)...), false, stop, nil, nil, "hmac-auth-apisix.bad_digest", "", ""},
		{"a guest, whose body is not looked at", second, nil, plugintest.Request("POST", "/", "x-mse-consumer: demo", digest), false, pass, []string{"x"}, []types.Action{pass}, "", "guest", ""},
		{"two credentials make no guest", second, nil, plugintest.Request("POST", "/", authorization+": Basic x", authorization+": "+keyOnly), true, stop, nil, nil, "hmac-auth-apisix.bad_signature", "", ""},
		{"a fault of the plugin", `{` + oneCaller + `}`, func() time.Time { panic("as a plugin with a fault does") }, post("x-mse-consumer: demo", "date: Tue, 20 Nov 2029 08:00:00 GMT"), true, stop, nil, nil, "hmac-auth-apisix.internal_error", "", ""},
	}
	defer func() { pluginClock = time.Now }()
	test.RunGoTest(t, func(t *testing.T) {
		t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if pluginClock = tt.now; tt.now == nil {
					pluginClock = clock(0)
				}
				host := plugintest.Start(t, tt.config)
				phases := plugintest.Phases{Headers: tt.headers, Ends: tt.ends, OnHeaders: tt.onHeaders, Chunks: tt.chunks, OnChunks: tt.onChunks, Details: tt.details}
				if !phases.Send(t, host) {
					return
				}
				assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, tt.consumer))
				assert.False(t, tt.absent != "" && test.HasHeader(host.GetRequestHeaders(), tt.absent))
				if strings.HasPrefix(tt.name, "a handshake") {
					assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), "content-length", "0"))
				}
			})
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/hmac-auth-apisix.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, second)
		headers := plugintest.Request("GET", "/", authorization+": "+keyOnly)
		require.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(headers, test.WithEndOfStream(true)))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "demo"))
		host.CompleteHttp()
	})
}
