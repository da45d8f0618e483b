package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

const operators = `{"allow": ["^Mozilla/5\\.0 .*InternalMonitor/"], "deny": ["(?i)wget", "python-requests/\\d"], "blocked_code": 429, "blocked_message": "automated clients are not welcome"}`

// request makes request headers from "name: value" lines.
func request(method string, lines ...string) [][2]string {
	return plugintest.Request(method, "/", lines...)
}

func agent(text string) [][2]string { return request("GET", "user-agent: "+text) }

func TestRequests(t *testing.T) {
	passes, bot := plugintest.Refusal{}, plugintest.Refused(403, "bot-detect.blocked", "Invalid User-Agent")
	unwelcome := plugintest.Refused(429, "bot-detect.blocked", "automated clients are not welcome")
	tests := []struct {
		name, config string
		request      [][2]string
		want         plugintest.Refusal
	}{
		{"a browser", `{}`, agent("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"), passes},
		{"a bot with a version", `{}`, agent("AcmeBot/3"), bot},
		{"without one", `{}`, agent("AcmeBot"), passes},
		{"no agent", `{}`, request("GET"), bot},
		{"no agent, but a body", `{}`, request("POST", "content-type: application/octet-stream"), bot},
		{"an empty agent", `{}`, agent(""), bot},
		{"an empty agent, whatever is allowed", `{"allow": ["^$", ".*"]}`, agent(""), bot},
		{"the operator's own", operators, agent("Wget/1.21"), unwelcome},
		{"another of them", operators, agent("python-requests/2"), unwelcome},
		{"the list counts beside them", operators, agent("Googlebot"), unwelcome},
		{"an agent of a bot that is allowed", `{"allow": ["Bot"]}`, agent("AcmeBot/3"), passes},
		{"even if it is denied", `{"allow": ["Bot"], "deny": ["Acme"]}`, agent("AcmeBot/3"), passes},
		{"a list that is none is ignored", `{"deny": "wget"}`, agent("wget"), passes},
		{"status 0 is the default", `{"blocked_code": 0}`, agent("AcmeBot/3"), bot},
		{"an empty message is the default", `{"blocked_message": ""}`, agent("AcmeBot/3"), bot},
		{"an empty expression denies all", `{"deny": [""]}`, agent("Firefox"), bot},
		{"a second header", `{}`, request("GET", "user-agent: Firefox/128.0", "user-agent: AcmeBot/3"), bot},
		{"an empty header before it", `{}`, request("GET", "user-agent: ", "user-agent: AcmeBot/3"), bot},
		{"an endless agent", `{}`, agent(strings.Repeat("x", 60000) + "Googlebot"), bot},
		{"bytes that are no text", `{}`, agent("\xff\xfe Yeti"), bot},
	}
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				host := plugintest.Start(t, tt.config)
				action := host.CallOnHttpRequestHeaders(tt.request)
				assert.Equal(t, tt.request, host.GetRequestHeaders(), "the request is left as it is")
				tt.want.AssertVerdict(t, host, action)
			})
		}
	})
}

func TestTheDebugLogSaysWhy(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for rule, agent := range map[string][][2]string{
			"user-agent: Wget/1.21, blocked by: deny: (?i)wget":   agent("Wget/1.21"),
			"user-agent: my Googlebot, blocked by: Googlebot":     agent("my Googlebot"),
			"user-agent: , blocked by: can not be empty":          request("GET"),
			"scheme: http, host: a.example, method: GET, path: /": agent("Wget"),
		} {
			host := plugintest.Start(t, operators)
			host.CallOnHttpRequestHeaders(agent)
			assert.Contains(t, strings.Join(host.GetDebugLogs(), "\n"), rule)
			host.Reset()
		}
	})
}

func TestLoadErrors(t *testing.T) {
	tests := []struct{ name, config, want string }{
		{"no expression", `{"deny": ["a", "("]}`, "deny[1]: error parsing regexp: missing closing ): `(`"},
		{"none that is allowed", `{"allow": ["[z-a]"]}`, "allow[0]: error parsing regexp: invalid character class range: `z-a`"},
		{"a number", `{"allow": [1]}`, "allow[0]: must be a string"},
		{"everything is allowed", `{"allow": [""]}`, "allow[0]: must not be empty"},
		{"a status that is no number", `{"blocked_code": "x"}`, `blocked_code: must be a whole number, not "x"`},
		{"a message that is no string", `{"blocked_message": 1}`, "blocked_message: must be a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var config Config
			assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &config), tt.want)
		})
	}
	whole, rule := independent.Parsers(parseConfig)
	var global, config Config
	require.NoError(t, whole(gjson.Parse(`{"allow": [1], "_rules_": [{}]}`), &global))
	assert.EqualError(t, rule(gjson.Parse(`{}`), global, &config), "global configuration: allow[0]: must be a string")
}

func TestAFaultOfThePluginLetsNothingPass(t *testing.T) {
	plugintest.RefusesAtAFault(t, `{"deny": ["wget"]}`, request("GET", "user-agent: Mozilla/5.0"),
		func(c *Config) { c.deny = []*regexp.Regexp{nil} }, "bot-detect.internal_error")
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/bot-detect.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, operators)
		host.CallOnHttpRequestHeaders(agent("Wget/1.21"))
		require.NotNil(t, host.GetLocalResponse())
		assert.Equal(t, uint32(429), host.GetLocalResponse().StatusCode)
		host.CompleteHttp()
	})
}
