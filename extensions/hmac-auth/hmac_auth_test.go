package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

const oneCaller = `"consumers": [{"name": "mobile", "key": "app-1", "secret": "app-secret-1"}]`

// pluginClock is the clock of the plugin that the test host runs: the host takes the first one that was registered.
var pluginClock = time.Now

func TestMain(m *testing.M) {
	register(func() time.Time { return pluginClock() })
	os.Exit(m.Run())
}

// signedAt is when the first vector says that it was signed.
var signedAt = time.Unix(1900000000, 0)

func clock(after time.Duration) func() time.Time {
	return func() time.Time { return signedAt.Add(after) }
}

// vector is the first one of the tests, with further lines.
func vector(lines ...string) [][2]string {
	return plugintest.Request("GET", "/v1/items?b=x%20y&a=1&flag", append([]string{"accept: application/json", "x-ca-key: app-1",
		"x-ca-timestamp: 1900000000000", "x-ca-signature-headers: x-ca-timestamp,X-Ca-Key",
		"x-ca-signature: GLnmc0xt++KerdAtklVVY64e8BtHF9eb09GpzWE4PBg="}, lines...)...)
}

// signed signs a request over the text that is to be signed.
func signed(text string, headers [][2]string) [][2]string {
	return append(headers, [2]string{headerKey, "app-1"}, [2]string{headerSignature, signature.SHA256.Sign("app-secret-1", text)})
}

func load(t testing.TB, config string, now func() time.Time) *Config {
	t.Helper()
	plugintest.KeepLog()
	var c Config
	require.NoError(t, newTable(now).ParseGlobal(gjson.Parse(config), &c))
	return &c
}

// judge is what becomes of a request without a body: "" if it passes, else the details of the refusal.
func judge(config *Config, headers [][2]string) string {
	r, refusal := config.Auth.identify(config, headers)
	if refusal != nil {
		return strings.TrimPrefix(refusal.Details, "hmac-auth.")
	}
	if ok, _ := config.Auth.verify(r, ""); !ok {
		return "invalid_signature"
	}
	return ""
}

func TestTimes(t *testing.T) {
	const checked = `{"date_offset": 600, ` + oneCaller + `}`
	dated := func(date string) [][2]string {
		return signed("GET\n\n\n\n"+date+"\n/", plugintest.Request("GET", "/", "date: "+date))
	}
	stamped := func(at string) [][2]string {
		return signed("GET\n\n\n\n\nx-ca-timestamp:"+at+"\n/", plugintest.Request("GET", "/", "x-ca-timestamp: "+at, "x-ca-signature-headers: x-ca-timestamp"))
	}
	const inTime, tooFar = "", "invalid_date"
	tests := []struct {
		name    string
		config  string
		after   time.Duration
		headers [][2]string
		want    string
	}{
		{"at once", checked, 0, vector(), inTime},
		{"the latest", checked, 600 * time.Second, vector(), inTime},
		{"too late", checked, 600*time.Second + time.Millisecond, vector(), tooFar},
		{"the earliest", checked, -600 * time.Second, vector(), inTime},
		{"too early", checked, -600*time.Second - time.Millisecond, vector(), tooFar},
		{"years later, and nobody looks", `{` + oneCaller + `}`, 9 * 365 * 24 * time.Hour, vector(), inTime},
		{"an offset of nothing", `{"date_offset": 0, ` + oneCaller + `}`, time.Hour, vector(), inTime},
		{"a negative offset", `{"date_offset": "-1", ` + oneCaller + `}`, time.Hour, vector(), inTime},
		{"seconds", checked, 0, stamped("1900000000"), inTime},
		{"seconds in twelve digits", checked, 0, stamped("001900000000"), inTime},
		{"milliseconds in fourteen digits", checked, 0, stamped("01900000000000"), inTime},
		{"a timestamp that is none", checked, 0, stamped("soon"), tooFar},
		{"a timestamp of another base", checked, 0, stamped("0x713fb300"), tooFar},
		{"a fraction", checked, 0, stamped("1900000000.5"), tooFar},
		{"the largest timestamp", checked, 0, stamped("9223372036854775807"), tooFar},
		{"the smallest timestamp", checked, 0, stamped("-9223372036854775808"), tooFar},
		{"one that overflows", checked, 0, stamped("18446745973709551616"), tooFar},
		{"no time", checked, 0, signed("GET\n\n\n\n\n/", plugintest.Request("GET", "/")), tooFar},
		{"an RFC 1123 date", checked, 0, dated("Sun, 17 Mar 2030 17:46:40 GMT"), inTime},
		{"with an offset", checked, 0, dated("Sun, 17 Mar 2030 17:46:40 GMT+00:00"), inTime},
		{"an RFC 850 date", checked, 0, dated("Sunday, 17-Mar-30 17:46:40 GMT"), inTime},
		{"an asctime date", checked, 0, dated("Sun Mar 17 17:46:40 2030"), inTime},
		{"an ISO date", checked, 0, dated("2030-03-17T17:46:40Z"), tooFar},
		{"the same in another zone", checked, 0, dated("Sun, 17 Mar 2030 17:46:40 +0000"), tooFar},
		{"ten minutes and a second ahead", checked, 0, dated("Sun, 17 Mar 2030 17:56:41 GMT"), tooFar},
		{"the first year", checked, 0, dated("Mon, 01 Jan 0001 00:00:00 GMT"), tooFar},
		{"the last year", checked, 0, dated("Fri, 31 Dec 9999 23:59:59 GMT"), tooFar},
		{"a bad date beside a good timestamp", checked, 0, vector("date: now"), tooFar},
		{"an empty date beside a good timestamp", checked, 0, vector("date: "), inTime},
		{"two timestamps", checked, 0, vector("x-ca-timestamp: 1900000000001"), tooFar},
		{"an empty date, then another one", checked, 0, vector("date: ", "date: Sun, 17 Mar 2030 17:46:40 GMT"), tooFar},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, judge(load(t, tt.config, clock(tt.after)), tt.headers))
		})
	}
}

func TestWhatIsSigned(t *testing.T) {
	config := load(t, `{`+oneCaller+`}`, time.Now)
	const passes, refused = "", "invalid_signature"
	list := func(names string, lines ...string) []string {
		return append(lines, "x-ca-signature-headers: "+names)
	}
	tests := []struct {
		name, text string
		headers    [][2]string
		want       string
	}{
		{"nothing but the path", "GET\n\n\n\n\n/", plugintest.Request("GET", "/"), passes},
		{"an empty query", "GET\n\n\n\n\n/", plugintest.Request("GET", "/?"), passes},
		{"an empty parameter", "GET\n\n\n\n\n/?=&a=1&b=2", plugintest.Request("GET", "/?b=2&&a=1"), passes},
		{"the first of equal parameters", "GET\n\n\n\n\n/?a=2", plugintest.Request("GET", "/?a=2&a=1"), passes},
		{"the second of equal parameters", "GET\n\n\n\n\n/?a=1", plugintest.Request("GET", "/?a=2&a=1"), refused},
		{"a number sign and what follows", "GET\n\n\n\n\n/?a=1#x&b=2", plugintest.Request("GET", "/?a=1#x&b=2"), passes},
		{"not without what follows", "GET\n\n\n\n\n/?a=1", plugintest.Request("GET", "/?a=1#x"), refused},
		{"a semicolon", "GET\n\n\n\n\n/?a=1;b=2", plugintest.Request("GET", "/?a=1;b=2"), passes},
		{"a name without value is not decoded", "GET\n\n\n\n\n/?%61=", plugintest.Request("GET", "/?%61"), passes},
		{"malformed escapes", "GET\n\n\n\n\n/?a=%zz%&b=%1", plugintest.Request("GET", "/?b=%1&a=%zz%"), passes},
		{"a plus", "GET\n\n\n\n\n/?a=+", plugintest.Request("GET", "/?a=+"), passes},
		{"the path as it comes", "GET\n\n\n\n\n//a/./b/../%41", plugintest.Request("GET", "//a/./b/../%41"), passes},
		{"no other path", "GET\n\n\n\n\n/a/A", plugintest.Request("GET", "//a/./b/../%41"), refused},
		{"two slashes", "GET\n\n\n\n\n/a", plugintest.Request("GET", "//a"), refused},
		{"a question mark in the query", "GET\n\n\n\n\n/?a?=b?", plugintest.Request("GET", "/?a?=b?"), passes},
		{"a header", "GET\n\n\n\n\nx-a:1\n/", plugintest.Request("GET", "/", list("x-a", "x-a: 1")...), passes},
		{"in capitals", "GET\n\n\n\n\nx-a:1\n/", plugintest.Request("GET", "/", list("X-A", "x-a: 1")...), passes},
		{"sorted by bytes", "GET\n\n\n\n\n:path:/\nx-a:1\nx-b:2\n/", plugintest.Request("GET", "/", list("x-b,:path,,x-a,", "x-a: 1", "x-b: 2")...), passes},
		{"the host, by either name", "GET\n\n\n\n\n:authority:a.example\nhost:a.example\n/", plugintest.Request("GET", "/", list("host,:authority")...), passes},
		{"absent", "GET\n\n\n\n\nx-a:\n/", plugintest.Request("GET", "/", list("x-a")...), passes},
		{"listed twice", "GET\n\n\n\n\nx-a:1\nx-a:1\n/", plugintest.Request("GET", "/", list("x-a,X-a", "x-a: 1")...), passes},
		{"those that have lines of their own are no further ones", "GET\n\n\n\n\n/", plugintest.Request("GET", "/", list("accept,content-md5,Content-Type,date,:method,x-ca-signature,x-ca-signature-headers")...), passes},
		{"spaces around a name", "GET\n\n\n\n\nx-a:1\nx-b:2\n/", plugintest.Request("GET", "/", list("x-b, x-a", "x-a: 1", "x-b: 2")...), passes},
		{"spaces around a name, as before", "GET\n\n\n\n\n x-a:\nx-b:2\n/", plugintest.Request("GET", "/", list("x-b, x-a", "x-a: 1", "x-b: 2")...), passes},
		{"spaces around a name, and another value", "GET\n\n\n\n\nx-a:1\n/", plugintest.Request("GET", "/", list(" x-a", "x-a: 2")...), refused},
		{"a header twice, alike", "GET\n\n\n\n\nx-a:1\n/", plugintest.Request("GET", "/", list("x-a", "x-a: 1", "x-a: 1")...), passes},
		{"a header twice", "GET\n\n\n\n\nx-a:1\n/", plugintest.Request("GET", "/", list("x-a", "x-a: 1", "x-a: 2")...), refused},
		{"a header twice that is listed with a space", "GET\n\n\n\n\n x-a:\n/", plugintest.Request("GET", "/", list(" x-a", "x-a: 1", "x-a: 2")...), refused},
		{"accept twice", "GET\na\n\n\n\n/", plugintest.Request("GET", "/", "accept: a", "accept: b"), refused},
		{"content-type twice", "GET\n\n\na\n\n/", plugintest.Request("GET", "/", "content-type: a", "content-type: b"), refused},
		{"the method of signing twice", "GET\n\n\n\n\n/", plugintest.Request("GET", "/", "x-ca-signature-method: HmacSHA256", "x-ca-signature-method: HmacSHA1"), refused},
		{"a line of the path as one of a header", "GET\n\n\n\n\n/p?a=x:\n/admin", plugintest.Request("GET", "/admin", list("/p?a=x")...), refused},
		{"a name with a colon", "GET\n\n\n\n\nx:y:\n/", plugintest.Request("GET", "/", list("x:y")...), refused},
		{"as many names as there may be", "GET\n\n\n\n\n" + strings.Repeat("a:\n", 512) + "/", plugintest.Request("GET", "/", list(strings.Repeat("a,", 511)+"a")...), passes},
		{"more names", "GET\n\n\n\n\n" + strings.Repeat("a:\n", 513) + "/", plugintest.Request("GET", "/", list(strings.Repeat("a,", 512)+"a")...), refused},
		{"more than 32 KiB of names", "GET\n\n\n\n\n" + strings.Repeat("a", 33<<10) + ":\n/", plugintest.Request("GET", "/", list(strings.Repeat("a", 33<<10))...), refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, judge(config, signed(tt.text, tt.headers)))
		})
	}
}

func TestStrictParameters(t *testing.T) {
	config := load(t, `{"strict_parameters": true, `+oneCaller+`}`, time.Now)
	for path, want := range map[string]string{
		"/?a=1&b=%2B%20%25": "", "/?flag&a=": "", "/?a=b=c": "", "/?a;b=1": "",
		"/?a=1&a=1": "invalid_signature", "/?a=+": "invalid_signature", "/?a+b=1": "invalid_signature", "/?a=%26": "invalid_signature",
		"/?a%3d=1": "invalid_signature", "/?a=%0a": "invalid_signature", "/?a=%zz": "invalid_signature", "/?%61": "invalid_signature",
	} {
		bare, query, _ := strings.Cut(path, "?")
		list, _, _ := parameters(query, "")
		text, _ := stringToSign(plugintest.Request("GET", path), nil, bare, list)
		assert.Equal(t, want, judge(config, signed(text, plugintest.Request("GET", path))), path)
		assert.Empty(t, judge(load(t, `{`+oneCaller+`}`, time.Now), signed(text, plugintest.Request("GET", path))), path)
	}
}

func TestTooManyParameters(t *testing.T) {
	_, _, ok := parameters(strings.Repeat("a&", 1000), strings.Repeat("b=&", maxParameters-2000))
	assert.True(t, ok)
	_, _, ok = parameters("", strings.Repeat("&", maxParameters+1))
	assert.False(t, ok)
	_, _, ok = parameters(strings.Repeat("a&", 1000), strings.Repeat("b=&", maxParameters-500))
	assert.False(t, ok)
}

func TestLoadErrors(t *testing.T) {
	const secret = "TOPSECRET"
	tests := []struct{ config, want string }{
		{`{"consumers": null}`, "consumers cannot be empty"},
		{`{"credentials": []}`, "credentials cannot be empty"},
		{`{"consumers": "x"}`, "consumers: must be a list of objects"},
		{`{"credentials": [{"key": "k"}]}`, "credentials[0].secret: is required"},
		{`{"credentials": [{"key": "k", "secret": "TOPSECRET"}, {"key": "k", "secret": "TOPSECRET"}]}`, "credentials[1].key: must not be there twice"},
		{`{"consumers": [{"key": true, "secret": "TOPSECRET", "name": "a"}]}`, "consumers[0].key: must be a string"},
		{`{"consumers": [{"key": "k", "secret": -1, "name": "a"}]}`, "consumers[0].secret: must be a string"},
		{`{"consumers": [{"key": "k", "secret": "TOPSECRET", "name": "a\nb"}]}`, "consumers[0].name: must not hold control characters"},
		{`{"date_offset": 4000000001, ` + oneCaller + `}`, "date_offset: must be between -4000000000 and 4000000000, not 4000000001"},
		{`{"date_offset": 1e300, ` + oneCaller + `}`, "date_offset: must be a whole number, not 1e300"},
		{`{"max_body_bytes": 0, ` + oneCaller + `}`, "max_body_bytes: must be between 1 and 2147483647, not 0"},
		{`{"required_headers": ["a b"], ` + oneCaller + `}`, "required_headers[0]: must be the name of a header"},
		{`{"required_headers": ["x", "X-Ca-Signature"], ` + oneCaller + `}`, "required_headers[1]: is never signed"},
		{`{"hide_credentials": "yes", ` + oneCaller + `}`, `hide_credentials: must be true or false, not "yes"`},
		{`{"forbid_hmac_sha1": 2, ` + oneCaller + `}`, "forbid_hmac_sha1: must be true or false, not 2"},
		{`{"replay_protection": "signature", "date_offset": -5, ` + oneCaller + `}`, "replay_protection: needs date_offset"},
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
	tests := []struct{ config, rule, want string }{
		{`{"date_offset": 0, ` + oneCaller + `}`, "", "date_offset: the dates of requests are not looked at"},
		{`{"global_auth": false, ` + oneCaller + `}`, "", "global_auth is false and there are no rules: no request needs authentication"},
		{`{` + oneCaller + `, "_rules_": [{}]}`, `{"allow": []}`, "a rule without names in allow and without callers of its own lets nobody pass"},
		{`{` + oneCaller + `, "_rules_": [{}]}`, `{}`, "a rule without names in allow and without callers of its own lets nobody pass"},
	}
	for _, tt := range tests {
		t.Run(tt.config+tt.rule, func(t *testing.T) {
			r := plugintest.KeepLog()
			table := newTable(time.Now)
			var global, rule Config
			require.NoError(t, table.ParseGlobal(gjson.Parse(tt.config), &global))
			if tt.rule != "" {
				require.NoError(t, table.ParseRule(gjson.Parse(tt.rule), global, &rule))
				assert.False(t, rule.Allows("mobile"))
			}
			assert.Equal(t, []string{tt.want}, r.Lines)
		})
	}
}

func TestNumbersAreTexts(t *testing.T) {
	config := load(t, `{"consumers": {"name": 7, "key": 8, "secret": 9}}`, time.Now)
	assert.Equal(t, map[string]caller{"8": {key: "8", secret: "9", name: "7"}}, config.Auth.callers)
}

func TestPrintable(t *testing.T) {
	assert.Equal(t, "a#?b?? \xffé", printable("a\n\rb\x00\x7f \xffé"))
}

func TestPhases(t *testing.T) {
	form := plugintest.Request("POST", "/?a=1", "content-type: application/x-www-form-urlencoded")
	signedForm := signed("POST\n\n\napplication/x-www-form-urlencoded\n\n/?a=1&b=2", form)
	const buffer, pass, hold = types.DataStopIterationAndBuffer, types.ActionContinue, types.HeaderStopIteration
	tests := []struct {
		name, config string
		now          func() time.Time
		headers      [][2]string
		ends         bool
		onHeaders    types.Action
		chunks       []string
		onChunks     []types.Action
		details      string
	}{
		{"nothing to wait for", `{` + oneCaller + `}`, nil, vector(), true, pass, nil, nil, ""},
		{"a body that is not signed", `{` + oneCaller + `}`, nil, vector(), false, pass, []string{"x", "y"}, []types.Action{pass, pass}, ""},
		{"a form is waited for", `{` + oneCaller + `}`, nil, signedForm, false, hold, []string{"b", "=", "2"}, []types.Action{buffer, buffer, pass}, ""},
		{"another form", `{` + oneCaller + `}`, nil, signedForm, false, hold, []string{"b=", "3"}, []types.Action{buffer, types.HeaderStopAllIterationAndWatermark}, "hmac-auth.invalid_signature"},
		{"no form", `{` + oneCaller + `}`, nil, signedForm, true, types.HeaderStopAllIterationAndWatermark, nil, nil, "hmac-auth.invalid_signature"},
		{"a fault of the plugin", `{"date_offset": 1, ` + oneCaller + `}`, func() time.Time { panic("as a plugin with a fault does") }, vector("x-mse-consumer: mobile"), true, types.HeaderStopAllIterationAndWatermark, nil, nil, "hmac-auth.internal_error"},
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
				assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "mobile"))
			})
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/hmac-auth.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, `{`+oneCaller+`}`)
		require.Equal(t, types.ActionContinue, host.CallOnHttpRequestHeaders(vector(), test.WithEndOfStream(true)))
		assert.True(t, test.HasHeaderWithValue(host.GetRequestHeaders(), httpheader.Consumer, "mobile"))
		host.CompleteHttp()
	})
}
