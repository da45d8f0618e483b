package cases

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// problemsOf parses a file and returns its problems, one a line, without the file's name.
func problemsOf(t *testing.T, text string) []string {
	t.Helper()
	_, err := Parse("cases.yaml", []byte(text))
	require.Error(t, err)
	var out []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		rest, ok := strings.CutPrefix(line, "cases.yaml: ")
		require.True(t, ok, line)
		out = append(out, rest)
	}
	return out
}

func TestProblemsNameTheirField(t *testing.T) {
	const ok = "request: {}, response: {statusCode: 200}"
	for _, test := range []struct{ yaml, problem string }{
		{"cases: []", "cases: must not be empty"},
		{"cases: [{" + ok + "}]", "cases[0].name: must not be empty"},
		{"cases: [{name: a, " + ok + "}, {name: a, " + ok + "}]", `cases[1].name: "a" is the name of another case`},
		{"cases: [{name: a, requst: {}}]", "cases[0].requst: unknown field"},
		{"cases: [{name: a, steps: [{request: {bdy: x}}]}]", "cases[0].steps[0].request.bdy: unknown field"},
		{"cases: [{name: a, request: {}, repeat: x, response: {statusCode: 200}}]", "cases[0].repeat: must be an integer, not string"},
		{"cases: [{name: a, steps: [{}, {request: {method: [1], path: /}}]}]", "cases[0].steps[1].request.method: must be a text (in quotes), not array"},
		{"cases: [{name: a, steps: {}}]", "cases[0].steps: must be a list, not object"},
		{"cases: [{name: a, response: {statusCodes: [200, x]}}]", "cases[0].response.statusCodes[1]: must be an integer, not string"},
		{"cases: [{name: a, name: b}]", `yaml: unmarshal errors: line 1: key "name" already set in map`},
		{"cases: [{name: a}]", "cases[0]: asserts nothing: must have steps, a request, or a loadError"},
		{"cases: [{name: a, request: {}}]", "cases[0]: asserts nothing: must have response, expectedRequest, notForwarded, callouts, counts, redis, accessLog, log, logAbsent or capture"},
		{"cases: [{name: a, steps: [{request: {}, response: {}}]}]", "cases[0].steps[0]: asserts nothing: must have response, expectedRequest, notForwarded, callouts, counts, redis, accessLog, log, logAbsent or capture"},
		{"cases: [{name: a, loadError: x, " + ok + "}]", "cases[0].loadError: cannot be set besides steps: a refused configuration takes no requests"},
		{"cases: [{name: a, " + ok + ", steps: [{" + ok + "}]}]", "cases[0].steps: cannot be set besides fields of a step"},
		{"cases: [{name: a, config: [], loadError: x}]", "cases[0].config: must be an object; leave it out for no configuration"},
		{"cases: [{name: a, config: {}, defaultConfig: {}, loadError: x}]", "cases[0].config: cannot be set besides defaultConfig, defaultConfigDisable or matchRules"},
		{"cases: [{name: a, failStrategy: OPEN, loadError: x}]", `cases[0].failStrategy: must be one of FAIL_OPEN, FAIL_CLOSE, not "OPEN"`},
		{"cases: [{name: a, engines: [nginx], reason: x, loadError: x}]", `cases[0].engines[0]: must be one of gateway, envoy, not "nginx"`},
		{"cases: [{name: a, engines: [envoy], loadError: x}]", "cases[0].reason: is for engines, and must say why the case is not for the others"},
		{"cases: [{name: a, plugins: [{config: {}}], loadError: x}]", "cases[0].plugins[0].name: must not be empty"},
		{"cases: [{name: a, plugins: [{name: b}, {name: b}], loadError: x}]", `cases[0].plugins[1].as: "b" is the name of another plugin of the chain`},
		{"cases: [{name: a, plugins: [{name: b, position: before, priority: 1}], loadError: x}]", "cases[0].plugins[0].position: cannot be set besides phase and priority"},
		{"cases: [{name: a, plugins: [{name: b, phase: FIRST}], loadError: x}]", `cases[0].plugins[0].phase: must be one of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS, not "FIRST"`},
		{"routes: [{name: r, path: a}]\ncases: [{name: a, loadError: x}]", `routes[0].path: must begin with a slash, not "a"`},
		{"routes: [{name: r}, {name: r}]\ncases: [{name: a, loadError: x}]", `routes[1].name: "r" is the name of another route`},
		{"routes: [{name: r, service: 'x.dns:80'}]\ncases: [{name: a, loadError: x}]", `routes[0].service: "x.dns:80" is not among the services`},
		{"cases: [{name: a, routes: [{name: r, pathType: Regex}], loadError: x}]", `cases[0].routes[0].pathType: must be one of Prefix, Exact, not "Regex"`},
		{"services: [{name: 'a b', port: 1}]\ncases: [{name: a, loadError: x}]", `services[0].name: must be a host name such as idp.dns, not "a b"`},
		{"services: [{name: a.dns}]\ncases: [{name: a, loadError: x}]", "services[0].port: must be between 1 and 65535, not 0"},
		{"services: [{name: a.dns, port: 1}, {name: a.dns, port: 1}]\ncases: [{name: a, loadError: x}]", "services[1]: a.dns:1 is there twice"},
		{"services: [{name: a.dns, port: 1, redis: true, unreachable: true}]\ncases: [{name: a, loadError: x}]", "services[0]: only one of answers, redis, commands, raw, unreachable and noEndpoints can be set"},
		{"services: [{name: a.dns, port: 1, commands: [{reply: 1.5}]}]\ncases: [{name: a, loadError: x}]", "services[0].commands[0].reply: must be a text, an integer, null or a list of those, not 1.5"},
		{"services: [{name: a.dns, port: 1, commands: [{reply: 1, error: x}]}]\ncases: [{name: a, loadError: x}]", "services[0].commands[0]: only one of reply, error, close and hang can be set"},
		{"services: [{name: a.dns, port: 1, answers: [{response: {statusCode: 700}}]}]\ncases: [{name: a, loadError: x}]", "services[0].answers[0].response.statusCode: must be between 200 and 599, not 700"},
		{"services: [{name: a.dns, port: 1, answers: [{response: {reset: now}}]}]\ncases: [{name: a, loadError: x}]", `services[0].answers[0].response.reset: must be one of before headers, after headers, not "now"`},
		{"services: [{name: a.dns, port: 1, answers: [{response: {chunks: [{waitForBackend: true}]}}]}]\ncases: [{name: a, loadError: x}]", "services[0].answers[0].response.chunks[0].waitForBackend: is for the other direction"},
		{"cases: [{name: a, backend: [{match: {path: '~('}, response: {}}], " + ok + "}]", "cases[0].backend[0].match.path: error parsing regexp: missing closing ): `(`"},
		{"cases: [{name: a, wait: 5, " + ok + "}]", "cases[0].wait: must be a duration such as 500ms or 2s, not 5"},
		{"cases: [{name: a, timeout: -1s, " + ok + "}]", `cases[0].timeout: must be a duration such as 500ms or 2s, not "-1s"`},
		{"cases: [{name: a, repeat: -1, " + ok + "}]", "cases[0].repeat: must not be negative"},
		{"cases: [{name: a, repeat: 3, request: {}, counts: {200: 2}}]", "cases[0].counts: add up to 2, but the request is sent 3 times"},
		{"cases: [{name: a, " + ok + ", counts: {200: 1}}]", "cases[0].counts: cannot be set besides response.statusCode or response.statusCodes"},
		{"cases: [{name: a, request: {}, counts: {ok: 1}}]", `cases[0].counts: "ok" is no status code`},
		{"cases: [{name: a, response: {statusCode: 200}}]", "cases[0].request: must be set: what is expected comes of a request"},
		{"cases: [{name: a, steps: [{request: {body: x}, response: {statusCode: 200}}]}]", "cases[0].steps[0].request.method: must be set: the request has a body"},
		{"cases: [{name: a, request: {method: 'A B'}, response: {statusCode: 200}}]", `cases[0].request.method: must be a method, not "A B"`},
		{"cases: [{name: a, request: {path: '/a b'}, response: {statusCode: 200}}]", `cases[0].request.path: must be a request target without spaces that begins with a slash, not "/a b"`},
		{"cases: [{name: a, request: {host: 'a b'}, response: {statusCode: 200}}]", "cases[0].request.host: must not contain spaces or control characters"},
		{"cases: [{name: a, request: {headers: {x: true}}, response: {statusCode: 200}}]", "cases[0].request.headers[x]: must be a text, not true: put it in quotes"},
		{"cases: [{name: a, request: {headers: {'a b': x}}, response: {statusCode: 200}}]", `cases[0].request.headers: "a b" is no header name`},
		{"cases: [{name: a, request: {headers: [abc]}, response: {statusCode: 200}}]", `cases[0].request.headers: line "abc" has no colon`},
		{"cases: [{name: a, request: {headers: {x: \"a\\nb\"}}, response: {statusCode: 200}}]", "cases[0].request.headers[x]: must not contain line breaks"},
		{"cases: [{name: a, request: {method: POST, body: x, bodySize: 1}, response: {statusCode: 200}}]", "cases[0].request: only one of body, bodyBase64, bodyFile, bodySize and chunks can be set"},
		{"cases: [{name: a, request: {method: POST, bodyBase64: '*'}, response: {statusCode: 200}}]", "cases[0].request.bodyBase64: illegal base64 data at input byte 0"},
		{"cases: [{name: a, request: {method: POST, bodyFile: none.bin}, response: {statusCode: 200}}]", "cases[0].request.bodyFile: open none.bin: no such file or directory"},
		{"cases: [{name: a, request: {protocol: HTTP/3}, response: {statusCode: 200}}]", `cases[0].request.protocol: must be one of HTTP/1.0, HTTP/1.1, HTTP/2, not "HTTP/3"`},
		{"cases: [{name: a, request: {protocol: HTTP/1.0, method: POST, chunks: []}, response: {statusCode: 200}}]", "cases[0].request.protocol: HTTP/1.0 has neither chunks nor trailers"},
		{"cases: [{name: a, request: {trailers: {a: b}}, response: {statusCode: 200}}]", "cases[0].request.trailers: need a body or chunks"},
		{"cases: [{name: a, request: {protocol: HTTP/2, websocket: [a]}, response: {statusCode: 200}}]", "cases[0].request.websocket: needs HTTP/1.1 and no body"},
		{"cases: [{name: a, request: {abort: true}, response: {reset: true}}]", "cases[0].request.abort: needs chunks, of which the last waits for the backend: otherwise nothing may have left yet"},
		{"cases: [{name: a, request: {}, response: {messages: []}}]", "cases[0].response.messages: needs request.websocket"},
		{"cases: [{name: a, request: {}, response: {statusCode: 1}}]", "cases[0].response.statusCode: must be between 100 and 999, not 1"},
		{"cases: [{name: a, request: {}, response: {headers: {x: []}}}]", "cases[0].response.headers: x: must not be an empty list; expect its absence with absentHeaders"},
		{"cases: [{name: a, request: {}, response: {headers: {x: ['~(']}}}]", "cases[0].response.headers[x][0]: error parsing regexp: missing closing ): `(`"},
		{"cases: [{name: a, request: {}, response: {bodyMatches: '('}}]", "cases[0].response.bodyMatches: error parsing regexp: missing closing ): `(`"},
		{"cases: [{name: a, request: {}, response: {bodyJSON: {a: ['~(']}}}]", "cases[0].response.bodyJSON: error parsing regexp: missing closing ): `(`"},
		{"cases: [{name: a, request: {}, response: {body: a, bodyBase64: YQ==}}]", "cases[0].response: only one of body, bodyBase64 and bodyFile can be set"},
		{"cases: [{name: a, request: {}, expectedRequest: {path: /}, notForwarded: true}]", "cases[0].notForwarded: cannot be set besides expectedRequest"},
		{"cases: [{name: a, request: {}, callouts: [{service: 'x.dns:1'}]}]", `cases[0].callouts[0].service: "x.dns:1" is not among the services`},
		{"cases: [{name: a, request: {}, callouts: [{service: 'echo.static:80', command: [GET]}]}]", "cases[0].callouts[0].command: echo.static:80 is no Redis: expect a request"},
		{"cases: [{name: a, " + ok + ", calloutsInAnyOrder: true}]", "cases[0].calloutsInAnyOrder: needs callouts"},
		{"cases: [{name: a, redis: [{reply: x}]}]", "cases[0].redis[0].command: must not be empty"},
		{"cases: [{name: a, redis: [{command: [GET, k], reply: {min: 1}}]}]", "cases[0].redis[0].reply: must be a text, an integer, null, a list, or an object of the integers atLeast and atMost"},
		{"cases: [{name: a, redisBefore: [[]], " + ok + "}]", "cases[0].redisBefore[0]: must not be empty"},
		{"cases: [{name: a, request: {}, accessLog: {f: '~('}}]", "cases[0].accessLog.f: error parsing regexp: missing closing ): `(`"},
		{"cases: [{name: a, request: {}, log: [true]}]", "cases[0].log[0]: must be a text, not true: put it in quotes"},
	} {
		t.Run(test.problem, func(t *testing.T) {
			assert.Contains(t, problemsOf(t, test.yaml), test.problem)
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	assert.Equal(t, []string{
		"cases[0].failStrategy: must be one of FAIL_OPEN, FAIL_CLOSE, not \"x\"",
		"cases[0].wait: must be a duration such as 500ms or 2s, not 1",
		"cases[1].name: must not be empty",
	}, problemsOf(t, "cases: [{name: a, failStrategy: x, wait: 1, request: {}, response: {statusCode: 200}}, {loadError: x}]"))
}

func TestManifests(t *testing.T) {
	f, err := Parse("cases.yaml", []byte(`
routes:
- {name: orders, host: a.test, path: /orders, pathType: Exact, annotations: {higress.io/timeout: "3"}}
- {name: team/models, service: "models.static:8080"}
services: [{name: models.static, port: 8080}]
cases:
- name: whole
  config: {big: 9007199254740993, _rules_: [{_match_route_: [orders]}]}
  failStrategy: FAIL_OPEN
  plugins:
  - {name: before, position: before}
  - {name: own, as: own-2, priority: 7, config: {a: 1}}
  loadError: x
- name: split
  defaultConfig: {a: 1}
  defaultConfigDisable: true
  matchRules: [{ingress: [orders], config: {b: 2}}]
  routes: [{name: default}]
  loadError: x
- {name: none, routes: [{name: default}], loadError: x}
`))
	require.NoError(t, err)
	priority := 310
	plugin := Plugin{Name: "key-auth", Wasm: "/w/key-auth.wasm", Phase: "AUTHN", Priority: &priority, FailStrategy: "FAIL_CLOSE"}
	resolve := func(name string) (Plugin, error) {
		return Plugin{Name: name, Wasm: "/w/" + name + ".wasm", Phase: "STATS"}, nil
	}
	for i, golden := range []string{"whole", "split", "none"} {
		got, err := f.Cases[i].manifests(plugin, resolve)
		require.NoError(t, err)
		want, err := os.ReadFile(filepath.Join("testdata", golden+".yaml"))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), golden)
	}
	assert.Equal(t, "case-001-whole", f.Cases[0].label(0))
	long := Case{Name: strings.Repeat("A b!", 40)}
	assert.LessOrEqual(t, len(long.label(7)), 63)
}

func TestServicesAndRoutesOfACaseOverrideThoseOfTheFile(t *testing.T) {
	f, err := Parse("cases.yaml", []byte(`
routes: [{name: a}, {name: b}]
services:
- {name: x.dns, port: 1, unreachable: true}
- {name: y.dns, port: 1, unreachable: true}
cases:
- name: file
  loadError: x
- name: own
  routes: [{name: c}]
  services: [{name: x.dns, port: 1, redis: true}]
  backend: [{response: {statusCode: 500}}]
  loadError: x
`))
	require.NoError(t, err)
	first, second := &f.Cases[0], &f.Cases[1]
	assert.Len(t, first.routes, 2)
	assert.Equal(t, []Route{{Name: "c"}}, second.routes)
	assert.True(t, first.service("x.dns:1").Unreachable)
	assert.True(t, second.service("x.dns:1").Redis)
	assert.False(t, second.service("x.dns:1").Unreachable)
	assert.True(t, second.service("y.dns:1").Unreachable)
	assert.Equal(t, 500, second.service(Backend).Answers[0].Response.StatusCode)
	assert.Empty(t, first.service(Backend).Answers)
	assert.True(t, second.usesRedis())
	assert.False(t, first.usesRedis())
}

func TestTheCasesOfThisRepositoryParse(t *testing.T) {
	files, err := filepath.Glob("../../extensions/*/cases.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		_, err := Load(file)
		assert.NoError(t, err)
	}
}

func TestTheExamplesOfTheDocumentationParse(t *testing.T) {
	data, err := os.ReadFile("../../docs/cases.md")
	require.NoError(t, err)
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		text, _, ok := strings.Cut(block, "```")
		require.True(t, ok)
		_, err := Parse("docs/cases.md", []byte(text))
		assert.NoError(t, err, text)
	}
}
