package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// headers makes request headers from a path and "name: value" lines.
func headers(path string, lines ...string) [][2]string {
	list := [][2]string{{":authority", "a.test"}, {":path", path}, {":method", "GET"}, {":scheme", "http"}}
	return plugintest.Headers(list, lines...)
}

const (
	exact   = "request-block.url_blocked.exact"
	keyword = "request-block.url_blocked.keyword"
	byRegex = "request-block.url_blocked.regexp"
	body    = "request-block.body_blocked"

	firstExample  = `{"block_exact_urls": ["/debug/vars"], "block_regexp_urls": ["^/internal/v[0-9]+/"], "blocked_code": 404}`
	secondExample = `{"block_urls": ["swagger-ui"], "block_headers": ["x-forwarded-scheme"], "block_bodies": ["<!ENTITY"], "blocked_message": "blocked", "case_sensitive": true}`
)

func TestURLsAndHeaders(t *testing.T) {
	tests := []struct {
		name, config string
		request      [][2]string
		details      string // "": passes
		status       uint32
		message      string
	}{
		{"the whole URL", firstExample, headers("/debug/vars"), exact, 404, ""},
		{"the query belongs to it", firstExample, headers("/debug/vars?x"), "", 0, ""},
		{"in any case", firstExample, headers("/Debug/VARS"), exact, 404, ""},
		{"an escape in it", firstExample, headers("/debug%2Fvars"), exact, 404, ""},
		{"an expression", firstExample, headers("/internal/v2/x"), byRegex, 404, ""},
		{"an expression in any case", firstExample, headers("/Internal/V2/x"), byRegex, 404, ""},
		{"an expression and an escape", firstExample, headers("/%69nternal/v%32/x"), byRegex, 404, ""},
		{"a part of the URL", secondExample, headers("/a/swagger-ui/index.html"), keyword, 403, "blocked"},
		{"a part of the URL in another case", secondExample, headers("/a/Swagger-UI/"), "", 0, ""},
		{"an escape in a part", secondExample, headers("/%73wagger-ui"), keyword, 403, "blocked"},
		{"two escapes are one too many", secondExample, headers("/%2573wagger-ui"), "", 0, ""},
		{"malformed escapes hide nothing", secondExample, headers("/%zz%73wagger-ui%"), keyword, 403, "blocked"},
		{"the raw URL counts, too", `{"block_urls": "%2e%2e"}`, headers("/a/%2E%2e/b"), keyword, 403, ""},
		{"a header name", secondExample, headers("/", "x-forwarded-scheme: https"), body, 403, "blocked"},
		{"the URL before the headers", secondExample, headers("/swagger-ui", "x-forwarded-scheme: https"), keyword, 403, "blocked"},
		{"name and value of a header", `{"block_headers": ["x-a\nsecret"]}`, headers("/", "x-a: secret1"), body, 403, ""},
		{"the value alone", `{"block_headers": ["SECRET"]}`, headers("/", "x-a: my Secret"), body, 403, ""},
		{"a value and the next name", `{"block_headers": ["1\nx-b"]}`, headers("/", "x-a: 1", "x-b: 2"), body, 403, ""},
		{"other headers", `{"block_headers": ["x-a\nsecret"]}`, headers("/", "x-a: no secret"), "", 0, ""},
		{"pseudo headers", `{"block_headers": ["/admin"]}`, headers("/admin/x"), body, 403, ""},
		{"exact wins over part and expression", `{"block_exact_urls": ["/x"], "block_urls": ["x"], "block_regexp_urls": ["x"]}`, headers("/x"), exact, 403, ""},
		{"part wins over expression", `{"block_urls": ["x"], "block_regexp_urls": ["x"]}`, headers("/x"), keyword, 403, ""},
		{"classes keep their meaning", `{"block_regexp_urls": ["^/\\D+$"]}`, headers("/abc"), byRegex, 403, ""},
		{"classes keep their meaning: no digits", `{"block_regexp_urls": ["^/\\D+$"]}`, headers("/123"), "", 0, ""},
		{"mixed case matches when it does not count", `{"block_urls": ["SwaGGer"]}`, headers("/sWAggER"), keyword, 403, ""},
		{"all of an alternation in any case", `{"block_regexp_urls": ["^/a$|^/b$"]}`, headers("/B"), byRegex, 403, ""},
		{"a line break is no way around", `{"block_regexp_urls": ["^/internal/.*secret"]}`, headers("/%69nternal/%0asecret"), byRegex, 403, ""},
		{"letters beyond ASCII in any case", `{"block_urls": ["/Ünnötig"]}`, headers("/%C3%BCNN%C3%96TIG"), keyword, 403, ""},
		{"status 99", `{"block_urls": "a", "blocked_code": 99}`, headers("/a"), keyword, 403, ""},
		{"status 100", `{"block_urls": "a", "blocked_code": 100}`, headers("/a"), keyword, 403, ""},
		{"status 101, which no final response has", `{"block_urls": "a", "blocked_code": 101}`, headers("/a"), keyword, 403, ""},
		{"status 600", `{"block_urls": "a", "blocked_code": 600}`, headers("/a"), keyword, 403, ""},
		{"status 599", `{"block_urls": "a", "blocked_code": 599}`, headers("/a"), keyword, 599, ""},
		{"a status that is no number", `{"block_urls": "a", "blocked_code": "teapot"}`, headers("/a"), keyword, 403, ""},
		{"numbers are read as their text", `{"block_urls": 42}`, headers("/a42"), keyword, 403, ""},
		{"empty strings are dropped", `{"block_urls": ["", "a"]}`, headers("/b"), "", 0, ""},
		{"a rule for another domain", `{"_rules_": [{"_match_domain_": ["b.test"], "block_urls": ["x"]}]}`, headers("/x"), "", 0, ""},
		{"a rule for this domain", `{"_rules_": [{"_match_domain_": ["a.test"], "block_urls": ["x"]}]}`, headers("/x"), keyword, 403, ""},
		{"a rule inherits nothing", `{"block_urls": ["y"], "blocked_code": 404, "_rules_": [{"_match_domain_": ["a.test"], "block_urls": ["x"]}]}`, headers("/y"), "", 0, ""},
		{"the global part elsewhere", `{"block_urls": ["y"], "blocked_code": 404, "_rules_": [{"_match_domain_": ["b.test"], "block_urls": ["x"]}]}`, headers("/y"), keyword, 404, ""},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				action := host.CallOnHttpRequestHeaders(tt.request, test.WithEndOfStream(true))
				assert.Equal(t, tt.request, host.GetRequestHeaders(), "nothing is written")
				if tt.details == "" {
					assert.Nil(t, host.GetLocalResponse())
					assert.Equal(t, types.HeaderContinue, action)
					return
				}
				plugintest.Refused(tt.status, tt.details, tt.message).AssertRefused(t, host)
				assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
			})
		}
	})
}

func TestBodies(t *testing.T) {
	const (
		pass   = types.HeaderContinue
		hold   = types.HeaderStopIteration
		buffer = types.DataStopIterationAndBuffer
		next   = types.ActionContinue
		evil   = `{"block_bodies": ["evil"]}`
	)
	tests := []struct {
		name, config string
		request      [][2]string
		onHeaders    types.Action
		chunks       []string
		onChunks     []types.Action
		blocked      bool
	}{
		{"a hit", secondExample, headers("/"), hold, []string{`<!DOCTYPE x [<!ENTITY a "b">]>`}, []types.Action{types.DataStopIterationNoBuffer}, true},
		{"no hit", secondExample, headers("/"), hold, []string{"hello"}, []types.Action{next}, false},
		{"another case", secondExample, headers("/"), hold, []string{"<!entity"}, []types.Action{next}, false},
		{"an empty body", secondExample, headers("/"), hold, []string{""}, []types.Action{next}, false},
		{"the older spelling", `{"block_bodys": ["Evil"]}`, headers("/"), hold, []string{"very eviL"}, []types.Action{types.DataStopIterationNoBuffer}, true},
		{"both spellings", `{"block_bodys": ["b"], "block_bodies": ["a"]}`, headers("/"), hold, []string{"xbx"}, []types.Action{types.DataStopIterationNoBuffer}, true},
		{"nothing goes on before the end", evil, headers("/"), hold, []string{"ev", "il", " end"}, []types.Action{buffer, buffer, types.DataStopIterationNoBuffer}, true},
		{"not read without a list for bodies", `{"block_urls": ["x"]}`, headers("/"), pass, []string{"x", "y"}, []types.Action{next, next}, false},
		{"binary data, chunk by chunk", evil, headers("/", "content-type: application/octet-stream"), hold, []string{"\x00\xffE", "\xfe", "EV", "iL\x00", "more"}, []types.Action{next, next, next, next, next}, true},
		{"binary data without a hit", evil, headers("/", "content-type: application/octet-stream"), hold, []string{"\x00ev", "", "_il"}, []types.Action{next, next, next}, false},
		{"gRPC messages, headers at once", evil, headers("/", "content-type: application/grpc+proto"), pass, []string{"\x00\x00\x00\x00\x06", "\x0a\x04evil"}, []types.Action{next, next}, true},
		{"a coding that does not compress", evil, headers("/", "content-encoding: aws-chunked"), hold, []string{"evil"}, []types.Action{next}, true},
		{"compressed", evil, headers("/", "content-encoding: GZIP"), pass, []string{"evil"}, []types.Action{next}, false},
		{"compressed in the end", evil, headers("/", "content-encoding: identity", "content-encoding: aws-chunked, br"), pass, []string{"evil"}, []types.Action{next}, false},
		{"a websocket", evil, headers("/", "connection: upgrade", "upgrade: websocket"), pass, []string{"evil"}, []types.Action{next}, false},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				require.Equal(t, tt.onHeaders, host.CallOnHttpRequestHeaders(tt.request))
				var got []types.Action
				passed := ""
				for i, chunk := range tt.chunks {
					action := host.CallOnHttpStreamingRequestBody([]byte(chunk), i == len(tt.chunks)-1)
					got = append(got, action)
					if action == next {
						passed += string(host.GetRequestBody())
					}
				}
				assert.Equal(t, tt.onChunks, got)
				reply := host.GetLocalResponse()
				if !tt.blocked {
					assert.Nil(t, reply)
					assert.Equal(t, strings.Join(tt.chunks, ""), passed)
					return
				}
				require.NotNil(t, reply)
				assert.Equal(t, body, reply.StatusCodeDetail)
				assert.EqualValues(t, 403, reply.StatusCode)
				assert.NotContains(t, strings.ToLower(passed), "evil")
				assert.NotContains(t, passed, "more", "what comes after a hit is dropped")
			})
		}
	})
}

func TestARequestWithoutABodyIsNotHeld(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host := plugintest.Start(t, secondExample)
		assert.Equal(t, types.HeaderContinue, host.CallOnHttpRequestHeaders(headers("/"), test.WithEndOfStream(true)))
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"nothing", `{}`, "there is no block rules"},
		{"an empty string", `{"block_urls": [""]}`, "there is no block rules"},
		{"empty lists", `{"block_urls": [], "block_headers": null, "block_bodys": ""}`, "there is no block rules"},
		{"a bad expression", `{"block_regexp_urls": ["a", "("]}`, "block_regexp_urls[1]: error parsing regexp: missing closing ): `(`"},
		{"a bad expression, case counts", `{"block_regexp_urls": ["("], "case_sensitive": true}`, "block_regexp_urls[0]: error parsing regexp: missing closing ): `(`"},
		{"an object for a list", `{"block_headers": {"a": "b"}}`, "block_headers: must be a list of strings"},
		{"an object in a list", `{"block_bodies": ["a", {"b": 1}]}`, "block_bodies[1]: must be a string"},
		{"a list in a list", `{"block_bodys": [["a"]]}`, "block_bodys[0]: must be a string"},
		{"exact URLs of another type", `{"block_exact_urls": [{}]}`, "block_exact_urls[0]: must be a string"},
		{"a switch of another type", `{"block_urls": ["a"], "case_sensitive": "maybe"}`, `case_sensitive: must be true or false, not "maybe"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config), tt.want)
		})
	}
}

func TestAFailedGlobalPartFailsTheLoad(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		host, status := test.NewTestHost(json.RawMessage(`{"block_regexp_urls": ["("], "_rules_": [{"_match_domain_": ["a.test"], "block_urls": ["x"]}]}`))
		defer host.Reset()
		assert.Equal(t, types.OnPluginStartStatusFailed, status)
		assert.Contains(t, strings.Join(host.(interface{ GetWarnLogs() []string }).GetWarnLogs(), "\n"), "global configuration: block_regexp_urls[0]: error parsing regexp")
	})
}

func TestKeywords(t *testing.T) {
	tests := []struct {
		name string
		list []string
		fold bool
		text string
		want bool
	}{
		{"at the start", []string{"abc"}, false, "abcd", true},
		{"at the end", []string{"abc"}, false, "xabc", true},
		{"after a false start", []string{"aab"}, false, "aaab", true},
		{"a string inside another's beginning", []string{"abcd", "bc"}, false, "xabce", true},
		{"through several fail links", []string{"abcabd", "cab", "bd"}, false, "abcabcabd", true},
		{"none", []string{"abc", "bcd", "cde"}, false, "abdcbace", false},
		{"an empty text", []string{"a"}, true, "", false},
		{"case counts", []string{"Abc"}, false, "abc", false},
		{"case does not count", []string{"aBc"}, true, "AbC", true},
		{"two bytes a letter", []string{"straßE"}, true, "STRAẞE", true},
		{"a letter whose lower case is longer", []string{"xⱥy"}, true, "XȺY", true},
		{"a letter whose lower case is ASCII", []string{"key"}, true, "\u212aey", true},
		{"bytes that are no text", []string{"b"}, true, "\xff\xfeB", true},
		{"bytes that are no text between", []string{"ab"}, true, "a\xffb", false},
		{"a cut character at the end", []string{"é"}, true, "x\xc3", false},
		{"a cut character in the middle", []string{"éb"}, true, "\xe2\xc3\x89B", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newKeywords(tt.list, tt.fold)
			assert.Equal(t, tt.want, k.in(tt.text))
			for size := 1; size < len(tt.text); size++ {
				assert.Equal(t, tt.want, inPieces(k, tt.text, size), "in pieces of %d bytes", size)
			}
		})
	}
}

func inPieces(k *keywords, text string, size int) bool {
	s := search{keywords: k}
	for len(text) > 0 {
		n := min(size, len(text))
		if found(&s, []byte(text[:n])) {
			return true
		}
		text = text[n:]
	}
	return false
}

// FuzzKeywords compares with searching for one string after the other.
func FuzzKeywords(f *testing.F) {
	f.Add("a,ab,bab", "xxbabx", true, 2)
	f.Add("É,ⱥ", "Ⱥé\xff", true, 1)
	f.Add("aab", "aaab", false, 3)
	f.Fuzz(func(t *testing.T, list, text string, fold bool, size int) {
		var items []string
		want := false
		for _, item := range strings.Split(list, ",") {
			if item == "" {
				continue
			}
			items = append(items, item)
			if fold {
				want = want || strings.Contains(lower(text), lower(item))
			} else {
				want = want || strings.Contains(text, item)
			}
		}
		k := newKeywords(items, fold)
		if k == nil || fold && (strings.ToValidUTF8(list, "") != list || strings.ToValidUTF8(text, "") != text) {
			return
		}
		if got := k.in(text); got != want {
			t.Fatalf("%q in %q, fold %v: %v, want %v", items, text, fold, got, want)
		}
		if got := inPieces(k, text, min(max(size, 1), 16)); got != want {
			t.Fatalf("%q in %q in pieces of %d, fold %v: %v, want %v", items, text, size, fold, got, want)
		}
	})
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, secondExample, headers("/"),
		func(c *Config) { c.headers = &keywords{start: [256]int32{'/': 1}} }, "request-block.internal_error")
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/request-block.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, secondExample)
		require.Equal(t, types.HeaderStopIteration, host.CallOnHttpRequestHeaders(headers("/")))
		host.CallOnHttpRequestBody([]byte("<!ENTITY"))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 403, reply.StatusCode)
		assert.Equal(t, "blocked", string(reply.Data))
		host.CompleteHttp()
	})
}

// BenchmarkBody shows that the cost of a body does not grow with the number of strings.
func BenchmarkBody(b *testing.B) {
	text := []byte(strings.Repeat("The quick brown fox jumps over the lazy dog. ", 1500))
	for _, count := range []int{1, 1000} {
		var list []string
		for i := range count {
			list = append(list, fmt.Sprintf("blocked-string-%d", i))
		}
		k := newKeywords(list, true)
		b.Run(fmt.Sprintf("%d strings", count), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for range b.N {
				s := search{keywords: k}
				found(&s, text)
			}
		})
	}
}

func BenchmarkHeaders(b *testing.B) {
	var config Config
	require.NoError(b, parseConfig(field.Of(gjson.Parse(secondExample)), &config))
	request := headers("/some/path?with=query", "accept: */*", "user-agent: "+strings.Repeat("x", 200))
	b.ReportAllocs()
	for range b.N {
		config.urls.hit(request[1][1])
		foundInHeaders(config.headers, request)
	}
}
