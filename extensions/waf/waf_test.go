package main

import (
	"encoding/json"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3/experimental/plugins"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	engineTypes "github.com/corazawaf/coraza/v3/types"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/proxytest"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// host gives what is logged while a test parses a configuration somewhere to go.
func host(t *testing.T) {
	t.Helper()
	t.Cleanup(emulate())
}

// emulate starts a host, which only one can be at a time, and returns what ends it.
func emulate() func() {
	plugin := proxywasm.GetVMContext()
	emulator, reset := proxytest.NewHostEmulator(proxytest.NewEmulatorOption())
	emulator.RegisterForeignFunction("get_log_level", func([]byte) []byte { return []byte{6, 0, 0, 0} }) // off
	return func() {
		reset()
		proxywasm.SetVMContext(plugin) // for the tests with a host of their own
	}
}

// headers makes request headers from method, path and "name: value" lines.
func headers(method, path string, lines ...string) [][2]string {
	list := [][2]string{{":authority", "shop.test"}, {":path", path}, {":method", method}, {":scheme", "http"},
		{"user-agent", "Mozilla/5.0 (X11; Linux x86_64)"}, {"accept", "*/*"}}
	return plugintest.Headers(list, lines...)
}

// examine runs phases 1 and 2 of a configuration's rules on a request, as the plugin does. The matches stay in the
// inspection.
func examine(t *testing.T, config string, headers [][2]string, body string) (*inspection, *engineTypes.Interruption) {
	t.Helper()
	defer emulate()()
	var c Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(config)), &c))
	s := &inspection{config: &c, engine: c.engine, tx: c.engine.waf.NewTransaction()}
	running = s
	defer func() { running = nil }()
	t.Cleanup(func() { assert.NoError(t, s.tx.Close()) })
	s.describe(headers)
	if it := s.tx.ProcessRequestHeaders(); it != nil {
		return s, it
	}
	it, err := s.phase2([]byte(body))
	require.NoError(t, err)
	return s, it
}

// rules are the numbers of the rules that matched.
func (s *inspection) rules() (ids []int) {
	for _, match := range s.matches {
		ids = append(ids, match.Rule().ID())
	}
	return ids
}

const form = "content-type: application/x-www-form-urlencoded"

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/waf.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"secRules": ["SecRule ARGS:cmd \"@rx ;\" \"id:1,phase:2,deny\""]}`)
		host.CallOnHttpRequestHeaders(headers("GET", "/?cmd=a;b"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(403), reply.StatusCode)
		assert.Equal(t, "waf", reply.StatusCodeDetail)
		host.CompleteHttp()
	})
}

func TestHeadersWaitForTheBody(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, `{"secRules": ["SecRequestBodyAccess On", "SecRule ARGS_POST:cmd \"@rx ;\" \"id:1,phase:2,deny\""]}`)
		assert.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(headers("POST", "/", form), test.WithEndOfStream(false)))
		assert.Nil(t, host.GetLocalResponse())
		host.CallOnHttpRequestBody([]byte("cmd=a%3Bb"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(403), reply.StatusCode)
		host.CompleteHttp()
	})
}

// explode is an operator that panics.
type explode struct{}

func (explode) Evaluate(plugintypes.TransactionState, string) bool { panic("an operator's panic") }

func TestAPanicInTheEngineRefuses(t *testing.T) {
	plugins.RegisterOperator("explode", func(plugintypes.OperatorOptions) (plugintypes.Operator, error) { return explode{}, nil })
	tests := map[string]struct {
		rule, encoding string
	}{
		"on request headers":        {`SecRule REQUEST_URI "@explode" "id:1,phase:1,deny"`, ""},
		"on a request body":         {`SecRule ARGS_POST "@explode" "id:1,phase:2,deny"`, ""},
		"on response headers":       {`SecRule RESPONSE_STATUS "@explode" "id:1,phase:3,deny"`, ""},
		"on a response body":        {`SecRule RESPONSE_BODY "@explode" "id:1,phase:4,deny"`, ""},
		"on an encoded body":        {`SecRule RESPONSE_BODY "@explode" "id:1,phase:4,deny"`, "gzip"},
		"after the response is out": {`SecRule RESPONSE_STATUS "@explode" "id:1,phase:5,pass"`, ""},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				t.Setenv("WASM_DISABLE_PANIC_RECOVERY", "false") // the test host asks for crashes
				config, err := json.Marshal(map[string]any{"secRules": []string{"SecRequestBodyAccess On", "SecResponseBodyAccess On",
					"SecResponseBodyMimeType text/plain", tt.rule}})
				require.NoError(t, err)
				host := plugintest.Start(t, string(config))
				exchange(host, tt.encoding)
				reply := host.GetLocalResponse()
				if name == "after the response is out" {
					assert.Nil(t, reply)
					return
				}
				require.NotNil(t, reply)
				assert.Equal(t, uint32(500), reply.StatusCode)
				assert.Equal(t, internalErrorDetails, reply.StatusCodeDetail)
				assert.Empty(t, reply.Data)
			})
		}
	})
}

// exchange plays a request and its response until the plugin answers.
func exchange(host test.TestHost, encoding string) {
	defer host.CompleteHttp()
	answered := func() bool { return host.GetLocalResponse() != nil }
	host.CallOnHttpRequestHeaders(headers("POST", "/", form), test.WithEndOfStream(false))
	if answered() {
		return
	}
	host.CallOnHttpRequestBody([]byte("a=b"))
	if answered() {
		return
	}
	response := [][2]string{{":status", "200"}, {"content-type", "text/plain"}}
	if encoding != "" {
		response = append(response, [2]string{"content-encoding", encoding})
	}
	host.CallOnHttpResponseHeaders(response, test.WithEndOfStream(false))
	if answered() {
		return
	}
	host.CallOnHttpResponseBody([]byte("text"))
}

func TestEqualConfigurationsShareTheirRules(t *testing.T) {
	host(t)
	parse := func(text string) Config {
		var c Config
		require.NoError(t, parseConfig(field.Of(gjson.Parse(text)), &c))
		return c
	}
	a := parse(`{"secRules": ["SecAction \"id:1,phase:1,pass\""]}`)
	b := parse(`{"secRules": ["SecAction \"id:1,phase:1,pass\""], "_match_route_": ["b"], "block_page": {"body": "no"}}`)
	c := parse(`{"secRules": ["SecAction \"id:1,phase:1,pass\""], "detection_only": true}`)
	d := parse(`{"secRules": ["SecAction \"id:1,phase:1,pass\""], "max_argument_bytes": 1}`)
	assert.Same(t, a.engine, b.engine, "pages differ, rules do not")
	assert.NotSame(t, a.engine, c.engine)
	assert.NotSame(t, a.engine, d.engine)
	assert.NotSame(t, a.engine, parse(`{"secRules": ["SecAction \"id:1,phase:1,pass\""], "max_cookies": 1}`).engine)
	assert.Nil(t, parse(`{}`).engine, "nothing to evaluate")
	runtime.KeepAlive(a)

	key := source{"SecAction \"id:7,phase:1,pass\"", bounds{}}
	e, err := engineFor(key)
	require.NoError(t, err)
	require.NotNil(t, engines[key.key()].Value())
	runtime.KeepAlive(e)
	e = nil
	runtime.GC()
	runtime.GC()
	assert.Nil(t, engines[key.key()].Value(), "rules of a configuration that is gone are not kept")
}

func TestNothingIsCompiledAfterLoad(t *testing.T) {
	host(t)
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	defer func() { runtime.MemProfileRate = rate }()
	var c Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(`{"useCRS": true, "crs": {"paranoia_level": 4}, "audit_log": {}, "secRules": [
		"SecRule ARGS \"@rx ^compiled-at-load$\" \"id:1,phase:2,pass,ctl:ruleRemoveTargetById=942100;ARGS:/^x[0-9]+$/\""]}`)), &c))
	compiled := compilations()
	require.Greater(t, compiled, int64(100), "what the test looks for is there while rules are loaded")
	for _, query := range []string{"/", "/?id=1%27%20or%20%271%27=%271", "/?q=compiled-at-load&x1=%3Cscript%3E"} {
		tx := c.engine.waf.NewTransaction()
		tx.ProcessConnection("192.0.2.1", 1, "192.0.2.2", 80)
		tx.ProcessURI(query, "POST", "HTTP/1.1")
		for _, h := range headers("POST", query, form, "cookie: a=b") {
			tx.AddRequestHeader(h[0], h[1])
		}
		tx.ProcessRequestHeaders()
		_, _, err := tx.WriteRequestBody([]byte("file=../../etc/passwd&x=`id`"))
		require.NoError(t, err)
		_, err = tx.ProcessRequestBody()
		require.NoError(t, err)
		tx.AddResponseHeader("content-type", "text/html")
		tx.ProcessResponseHeaders(500, "HTTP/1.1")
		_, _, err = tx.WriteResponseBody([]byte("ORA-1234 You have an error in your SQL syntax"))
		require.NoError(t, err)
		_, err = tx.ProcessResponseBody()
		require.NoError(t, err)
		tx.ProcessLogging()
		require.NoError(t, tx.Close())
	}
	assert.Equal(t, compiled, compilations())
}

// compilations counts the allocations made so far by the parsers of regular expressions and of SecLang, and by the
// builder of keyword automata.
func compilations() (allocations int64) {
	runtime.GC() // a profile is that of two collections ago
	runtime.GC()
	records := make([]runtime.MemProfileRecord, 200_000)
	n, ok := runtime.MemProfile(records, true)
	if !ok {
		return math.MinInt64
	}
	for _, record := range records[:n] {
		frames := runtime.CallersFrames(record.Stack())
		for more := true; more; {
			var frame runtime.Frame
			frame, more = frames.Next()
			if strings.HasPrefix(frame.Function, "regexp.compile") || strings.HasPrefix(frame.Function, "regexp/syntax.Parse") ||
				strings.Contains(frame.Function, "seclang.(*Parser)") || strings.Contains(frame.Function, "AhoCorasickBuilder") {
				allocations += record.AllocObjects
				break
			}
		}
	}
	return allocations
}

func TestLimits(t *testing.T) {
	host(t)
	tests := map[string]struct {
		config            string
		request, response int64
		rejects           bool
	}{
		"the bundled ones":             {`{"useCRS": true}`, 13107200, 524288, true},
		"an argument in memory alone":  {`{"secRules": ["SecRequestBodyInMemoryLimit 10", "SecRequestBodyLimit 1000"]}`, 1000, 524288, true},
		"less than the bundled memory": {`{"useCRS": true, "secRules": ["SecRequestBodyLimit 1000"]}`, 1000, 524288, true},
		"fields":                       {`{"useCRS": true, "request_body_limit": 7, "response_body_limit": 8}`, 7, 8, true},
		"in part":                      {`{"secRules": ["SecRequestBodyLimitAction ProcessPartial"]}`, 134217728, 524288, false},
		"detection refuses no length":  {`{"useCRS": true, "detection_only": true}`, 13107200, 524288, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var c Config
			require.NoError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &c))
			assert.Equal(t, tt.request, c.engine.requestLimit)
			assert.Equal(t, tt.response, c.engine.responseLimit)
			assert.Equal(t, tt.rejects, c.engine.rejectsRequests)
		})
	}
}

func TestABodyAboveTheEnginesMemoryIsExamined(t *testing.T) {
	host(t)
	var c Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(`{"secRules": ["Include @recommended-conf", "SecRuleEngine On", "SecRule ARGS:cmd \"@rx ;\" \"id:1,phase:2,deny\""]}`)), &c))
	tx := c.engine.waf.NewTransaction()
	tx.ProcessURI("/", "POST", "HTTP/1.1")
	tx.AddRequestHeader("content-type", "application/x-www-form-urlencoded")
	require.Nil(t, tx.ProcessRequestHeaders())
	_, _, err := tx.WriteRequestBody([]byte("padding=" + strings.Repeat("p", 200<<10) + "&cmd=a%3Bb"))
	require.NoError(t, err)
	it, err := tx.ProcessRequestBody()
	require.NoError(t, err)
	require.NotNil(t, it)
	assert.Equal(t, 403, it.Status)
}

func TestConfigurationErrors(t *testing.T) {
	host(t)
	tests := map[string]string{
		`{"useCRS": "yes"}`:                     `useCRS: must be true or false, not "yes"`,
		`{"secRules": 1}`:                       "secRules: must be a list of strings",
		`{"secRules": ["SecAction id:1", 2]}`:   "secRules[1]: must be a string",
		`{"useCRS": true, "crs": {"level": 1}}`: "crs.level: is no field of this; there are paranoia_level, detection_paranoia_level, inbound_threshold, outbound_threshold, early_blocking, allowed_methods, allowed_content_types",
		`{"useCRS": true, "crs": {"paranoia_level": 3, "detection_paranoia_level": 2}}`:           "crs.detection_paranoia_level: must not be less than paranoia_level",
		`{"useCRS": true, "crs": {"allowed_methods": ["GET'"]}}`:                                  `crs.allowed_methods[0]: must not hold "'"`,
		`{"exclude": {"rule_ids": "1"}}`:                                                          "exclude.rule_ids: must be a list",
		`{"exclude": {"rule_ids": [1, "2-1"]}}`:                                                   "exclude.rule_ids[1]: must be the number of a rule, or a range such as 920000-920999",
		`{"exclude": {"tags": ["a b"]}}`:                                                          `exclude.tags[0]: must not hold " "`,
		`{"exclude": {"targets": [{"variable": "ARGS"}]}}`:                                        "exclude.targets[0]: needs one of rule_id and tag",
		`{"exclude": {"targets": [{"rule_id": 1}]}}`:                                              "exclude.targets[0].variable: is required",
		`{"exclude": {"targets": [{"rule_id": 1, "variable": "ARGS|TX"}]}}`:                       "exclude.targets[0].variable: must be one variable, such as ARGS:comment",
		`{"request_body_limit": 0}`:                                                               "request_body_limit: must be between 1 and 1073741824, not 0",
		`{"max_argument_bytes": -1}`:                                                              "max_argument_bytes: must be between 0 and 1073741824, not -1",
		`{"max_cookies": "many"}`:                                                                 `max_cookies: must be a whole number, not "many"`,
		`{"block_page": {"headers": {"a b": "c"}}}`:                                               "block_page.headers.a b: must be the name of a header",
		`{"block_page": {"headers": {"a": "c\r\nd"}}}`:                                            "block_page: header a must not hold line breaks",
		`{"audit_log": {"requests": "some"}}`:                                                     `audit_log.requests: must be one of relevant, all, not "some"`,
		`{"secRules": ["SecNothing"]}`:                                                            "failed to create waf conf",
		`{"secRules": ["Include /etc/passwd"]}`:                                                   "failed to create waf conf",
		`{"secRules": ["Include ../../@owasp_crs/../../../etc/passwd"]}`:                          "failed to create waf conf",
		`{"secRules": ["SecRule ARGS \"@pmFromFile /etc/passwd\" \"id:1\""]}`:                     "failed to create waf conf",
		`{"secRules": ["SecRule ARGS \"@inspectFile /bin/sh\" \"id:1\""], "detection_only": "x"}`: `detection_only: must be true or false, not "x"`,
	}
	for config, want := range tests {
		t.Run(want, func(t *testing.T) {
			var c Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(config)), &c), want)
		})
	}
	t.Run("a rule reports what is wrong with the global configuration", func(t *testing.T) {
		var global, rule Config
		whole, ruled := independent.Parsers(parseConfig)
		require.NoError(t, whole(gjson.Parse(`{"secRules": 1, "_rules_": [{"_match_route_": ["a"]}]}`), &global))
		assert.EqualError(t, ruled(gjson.Parse(`{}`), global, &rule), "global configuration: secRules: must be a list of strings")
	})
}

func TestEveryBundledNameLoads(t *testing.T) {
	host(t)
	for _, name := range []string{recommendedConf, demoConf, crsSetupConf, crsSetupDemoConf, ftwConf, "@owasp_crs/*.conf",
		"@owasp_crs/REQUEST-9[123]*.conf", "@owasp_crs/REQUEST-949-BLOCKING-EVALUATION.conf", moduleRecommended, moduleSetup} {
		t.Run(name, func(t *testing.T) {
			var c Config
			assert.NoError(t, parseConfig(field.Of(gjson.Parse(`{"secRules": ["Include `+name+`"]}`)), &c))
		})
	}
	t.Run("data files serve one's own rules", func(t *testing.T) {
		var c Config
		assert.NoError(t, parseConfig(field.Of(gjson.Parse(`{"secRules": ["SecRule ARGS \"@pmFromFile ssrf.data\" \"id:1,phase:2,deny\""]}`)), &c))
	})
	t.Run("directives without effect are accepted", func(t *testing.T) {
		var c Config
		assert.NoError(t, parseConfig(field.Of(gjson.Parse(`{"secRules": ["SecArgumentSeparator &", "SecCookieFormat 0", "SecUnicodeMap 20127",
			"SecTmpDir /tmp/", "SecRuleScript a.lua", "SecRulePerfTime 1", "SecDebugLog /nowhere/log", "SecAuditLog /nowhere/log"]}`)), &c))
	})
}
