package cases

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var tested = Plugin{Name: "tested", Wasm: "/plugins/tested/plugin.wasm"}

// runText runs a file's text and returns what was told.
func runText(t *testing.T, e *fakeEngine, text string, options RunOptions) (Summary, []Result) {
	t.Helper()
	f, err := Parse(filepath.Join(t.TempDir(), "cases.yaml"), []byte(text))
	require.NoError(t, err)
	var results []Result
	options.Progress = func(r Result) { results = append(results, r) }
	options.Resolve = func(name string) (Plugin, error) {
		if name == "absent" {
			return Plugin{}, errors.New("no plugin absent")
		}
		return Plugin{Name: name, Wasm: "/plugins/" + name + "/plugin.wasm", Phase: "AUTHN"}, nil
	}
	summary, err := f.Run(t.Context(), e, tested, options)
	require.NoError(t, err)
	return summary, results
}

// fields are the fields of all failures, without what stands in brackets behind them.
func fields(results []Result) []string {
	var out []string
	for _, r := range results {
		for _, f := range r.Failures {
			out = append(out, strings.SplitN(f.Field, " (", 2)[0])
		}
	}
	return out
}

// assertion is a case that must pass, or fail in exactly the given fields.
type assertion struct {
	name  string
	yaml  string // the fields of a case, indented by nothing
	fails []string
}

func runAssertions(t *testing.T, head string, tests []assertion, options RunOptions, prepare func(*fakeEngine)) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := newFakeEngine(t)
			if prepare != nil {
				prepare(e)
			}
			text := head + "cases:\n- name: c\n  " + strings.ReplaceAll(strings.TrimSpace(test.yaml), "\n", "\n  ") + "\n"
			summary, results := runText(t, e, text, options)
			assert.Equal(t, test.fails, fields(results), "%v", results)
			want := Summary{Passed: 1, Steps: summary.Steps, Duration: summary.Duration}
			if test.fails != nil {
				want.Passed, want.Failed = 0, 1
			}
			assert.Equal(t, want, summary)
		})
	}
}

func TestAssertionsOnResponses(t *testing.T) {
	const deny = "config: {deny: 403}\nrequest: {path: /deny}\n"
	const answer = "backend: [{response: {statusCode: 201, headers: {x-a: [one, two], x-e: ''}, body: '{\"a\": 1, \"b\": [1, {\"c\": null}], \"t\": true}'}}]\nrequest: {}\n"
	runAssertions(t, "", []assertion{
		{"status", deny + "response: {statusCode: 403}", nil},
		{"another status", deny + "response: {statusCode: 401}", []string{"response.statusCode"}},
		{"one of several", deny + "response: {statusCodes: [401, 403]}", nil},
		{"none of several", deny + "response: {statusCodes: [401, 402]}", []string{"response.statusCode"}},
		{"lines joined", answer + "response: {headers: {X-A: 'one,two'}}", nil},
		{"one line of two", answer + "response: {headers: {x-a: one}}", []string{"response.headers[x-a]"}},
		{"lines exactly", answer + "response: {headers: {x-a: [one, two]}}", nil},
		{"a line missing", answer + "response: {headers: {x-a: [one]}}", []string{"response.headers[x-a]"}},
		{"lines in another order", answer + "response: {headers: {x-a: [two, one]}}", []string{"response.headers[x-a]"}},
		{"a list of lines", answer + "response: {headers: ['x-a: one', 'x-a: two']}", nil},
		{"present and empty", answer + "response: {headers: {x-e: ''}}", nil},
		{"empty but absent", answer + "response: {headers: {x-none: ''}}", []string{"response.headers[x-none]"}},
		{"a pattern", answer + "response: {headers: {x-a: '~^one,t'}}", nil},
		{"a pattern that does not match", answer + "response: {headers: {x-a: '~three'}}", []string{"response.headers[x-a]"}},
		{"an integer", answer + "response: {headers: {content-length: 42}}", nil},
		{"absent", answer + "response: {absentHeaders: [x-none]}", nil},
		{"absent but there", answer + "response: {absentHeaders: [X-A]}", []string{"response.absentHeaders[x-a]"}},
		{"body", deny + "response: {body: denied}", nil},
		{"another body", deny + "response: {body: refused}", []string{"response.body"}},
		{"an empty body", "backend: [{response: {statusCode: 204}}]\nrequest: {}\nresponse: {body: ''}", nil},
		{"a body that is not empty", deny + "response: {body: ''}", []string{"response.body"}},
		{"body in base64", deny + "response: {bodyBase64: ZGVuaWVk}", nil},
		{"another body in base64", deny + "response: {bodyBase64: AAEC}", []string{"response.bodyBase64"}},
		{"a part", deny + "response: {bodyContains: [den, ied]}", nil},
		{"a part that is not there", deny + "response: {bodyContains: [den, xyz]}", []string{"response.bodyContains"}},
		{"a text that must not be there", deny + "response: {bodyAbsent: [secret]}", nil},
		{"a text that must not be there but is", deny + "response: {bodyAbsent: [den]}", []string{"response.bodyAbsent"}},
		{"a body pattern", deny + "response: {bodyMatches: '^d.*d$'}", nil},
		{"a body pattern that does not match", deny + "response: {bodyMatches: '^x'}", []string{"response.bodyMatches"}},
		{"part of a JSON body", answer + "response: {bodyJSON: {a: 1, b: [1, {c: null}], t: true}}", nil},
		{"another value in it", answer + "response: {bodyJSON: {a: 2, b: [1, {c: '~.'}]}}", []string{"response.bodyJSON.a", "response.bodyJSON.b[1].c"}},
		{"a list of another length", answer + "response: {bodyJSON: {b: [1]}}", []string{"response.bodyJSON.b"}},
		{"a member that is not there", answer + "response: {bodyJSON: {z: null}}", []string{"response.bodyJSON.z"}},
		{"no JSON", deny + "response: {bodyJSON: {}}", []string{"response.bodyJSON"}},
		{"size", deny + "response: {bodySize: 6}", nil},
		{"another size", deny + "response: {bodySize: 7}", []string{"response.bodySize"}},
		{"details", deny + "response: {details: 'via_fake::fake.denied'}", nil},
		{"the last part of the details", deny + "response: {details: fake.denied}", nil},
		{"other details", deny + "response: {details: denied}", []string{"response.details"}},
		{"trailers", "backend: [{response: {body: x, trailers: {x-t: v}}}]\nrequest: {}\nresponse: {trailers: {x-t: v}}", nil},
		{"no trailers", "request: {}\nresponse: {trailers: {x-t: v}}", []string{"response.trailers[x-t]"}},
		{"a reset", "config: {truncate: true}\nrequest: {}\nresponse: {reset: true, statusCode: 200}", nil},
		{"a reset that does not come", "request: {}\nresponse: {reset: true}", []string{"response.reset"}},
		{"a reset that must not come", "config: {truncate: true}\nrequest: {}\nresponse: {statusCode: 200}", []string{"response"}},
		{"a backend that resets before headers", "backend: [{response: {reset: before headers}}]\nrequest: {}\nresponse: {reset: true}", nil},
		{"a backend that resets after headers", "backend: [{response: {reset: after headers, body: x}}]\nrequest: {}\nresponse: {reset: true}", nil},
		{"an answer that never comes", "backend: [{response: {hang: true}}]\ntimeout: 50ms\nrequest: {}\nresponse: {statusCode: 200}", []string{"response"}},
		{"access log fields", deny + "accessLog: {response_code: '~^4', bytes: 12}", nil},
		{"other access log fields", deny + "accessLog: {bytes: 13, none: 1}", []string{"accessLog.bytes", "accessLog.none"}},
		{"no access log line", "config: {silent: true}\ntimeout: 50ms\nrequest: {}\naccessLog: {bytes: 12}", []string{"accessLog"}},
		{"logged", "config: {log: hello world}\nrequest: {}\nlog: [hello, '~w.rld']\nlogAbsent: [secret]", nil},
		{"not logged", "config: {log: hello}\ntimeout: 50ms\nrequest: {}\nlog: [world]", []string{"log"}},
		{"logged what must not be", "config: {log: key is s3cret}\nrequest: {}\naccessLog: {bytes: 12}\nlogAbsent: [s3cret]", []string{"logAbsent"}},
	}, RunOptions{}, nil)
}

func TestAssertionsOnForwardedRequests(t *testing.T) {
	const add = "config: {addRequest: v}\n"
	runAssertions(t, "services: [{name: idp.dns, port: 443, answers: [{response: {body: ok}}]}]\n", []assertion{
		{"everything", add + "request: {method: PUT, host: a.test, path: '/%zz//?a=%2f', headers: {x-b: [1, 2]}, body: hi}\n" +
			"expectedRequest: {method: PUT, host: a.test, path: '/%zz//?a=%2f', headers: {x-added: v, x-b: [1, 2], content-length: 2}, absentHeaders: [x-none], body: hi}", nil},
		{"method", "request: {}\nexpectedRequest: {method: PUT}", []string{"expectedRequest.method"}},
		{"host", "request: {}\nexpectedRequest: {host: other.test}", []string{"expectedRequest.host"}},
		{"path", "request: {path: /%7e}\nexpectedRequest: {path: '/~'}", []string{"expectedRequest.path"}},
		{"headers", "request: {}\nexpectedRequest: {headers: {x-added: v}}", []string{"expectedRequest.headers[x-added]"}},
		{"absent headers", add + "request: {}\nexpectedRequest: {absentHeaders: [x-added]}", []string{"expectedRequest.absentHeaders[x-added]"}},
		{"body", "config: {dropRequestBody: true}\nrequest: {method: POST, body: hi}\nexpectedRequest: {body: hi}", []string{"expectedRequest.body"}},
		{"JSON body", "request: {method: POST, body: '{\"a\": 1}'}\nexpectedRequest: {bodyJSON: {a: 2}}", []string{"expectedRequest.bodyJSON.a"}},
		{"generated body", "request: {method: POST, bodySize: 3000000}\nexpectedRequest: {bodySize: 3000000}", nil},
		{"generated body with a wrong byte", "config: {corrupt: true}\nrequest: {method: POST, bodySize: 3000000}\nexpectedRequest: {bodySize: 3000000}", []string{"expectedRequest.bodySize"}},
		{"generated response", "backend: [{response: {bodySize: 3000000}}]\nrequest: {}\nresponse: {bodySize: 3000000}", nil},
		{"trailers", "request: {method: POST, chunks: [{data: a}], trailers: {x-t: v}}\nexpectedRequest: {body: a, trailers: {x-t: v}}", nil},
		{"other trailers", "request: {method: POST, chunks: [{data: a}], trailers: {x-t: v}}\nexpectedRequest: {trailers: {x-t: w}}", []string{"expectedRequest.trailers[x-t]"}},
		{"forwarded in spite", "config: {deny: 403}\nrequest: {path: /deny}\ntimeout: 100ms\nexpectedRequest: {}\nresponse: {statusCode: 403}", []string{"expectedRequest"}},
		{"not forwarded", "config: {deny: 403}\nrequest: {path: /deny}\nnotForwarded: true", nil},
		{"forwarded although denied", "config: {deny: 403, forwardAnyway: true}\nrequest: {path: /deny}\nresponse: {statusCode: 403}\nnotForwarded: true", []string{"notForwarded"}},
		{"forwarded later", "config: {deny: 403, forwardLate: true}\nsteps:\n- {request: {path: /deny}, notForwarded: true}\n- {request: {}, response: {statusCode: 200}}", []string{"services"}},
		{"call-outs in order", "config: {call: /a /b}\nrequest: {}\ncallouts: [{service: 'idp.dns:443', request: {method: GET, path: /a, host: idp.example}}, {service: 'idp.dns:443', request: {path: /b}}]", nil},
		{"call-outs in another order", "config: {call: /b /a}\nrequest: {}\ncallouts: [{service: 'idp.dns:443', request: {path: /a}}, {service: 'idp.dns:443', request: {path: /b}}]",
			[]string{"callouts[0].request.path", "callouts[1].request.path"}},
		{"call-outs in any order", "config: {call: /b /a}\nrequest: {}\ncalloutsInAnyOrder: true\ncallouts: [{service: 'idp.dns:443', request: {path: /a}}, {service: 'idp.dns:443', request: {path: /b}}]", nil},
		{"another call-out in any order", "config: {call: /b /c}\nrequest: {}\ncalloutsInAnyOrder: true\ncallouts: [{service: 'idp.dns:443', request: {path: /a}}, {service: 'idp.dns:443', request: {path: /b}}]", []string{"callouts[0]"}},
		{"no call-out", "request: {}\ncallouts: []", nil},
		{"a call-out that must not be", "config: {call: /a}\nrequest: {}\ncallouts: []", []string{"callouts"}},
		{"a call-out too few", "request: {}\ntimeout: 100ms\ncallouts: [{service: 'idp.dns:443'}]", []string{"callouts"}},
		{"a call-out to a backend", "config: {call: /a}\nroutes: [{name: default, service: 'idp.dns:443'}]\nrequest: {}\ncallouts: [{service: 'idp.dns:443', request: {path: /a}}, {service: 'echo.static:80'}]", nil},
		{"a call-out to a backend that is not expected", "config: {call: /a}\nroutes: [{name: default, service: 'idp.dns:443'}]\nrequest: {}\nnotForwarded: true", []string{"notForwarded"}},
		{"a service without an answer", "config: {call: /a}\nservices: [{name: idp.dns, port: 443, answers: [{match: {path: /x}, response: {}}]}]\nrequest: {}\nresponse: {statusCode: 200}", []string{"services"}},
		{"a service's second answer", "config: {call: /a /a}\nservices: [{name: idp.dns, port: 443, answers: [{times: 1, response: {}}]}]\nrequest: {}\nresponse: {statusCode: 200}", []string{"services"}},
	}, RunOptions{}, nil)
}

func TestAnswersAreChosen(t *testing.T) {
	const backend = "backend:\n" +
		"- {match: {method: POST, bodyContains: [evil]}, response: {statusCode: 400}}\n" +
		"- {match: {path: '~^/a'}, times: 1, response: {statusCode: 202}}\n" +
		"- {match: {headers: {x-k: v}}, response: {statusCode: 203, delay: 1ms}}\n" +
		"- {response: {statusCode: 299}}\n"
	_, results := runText(t, newFakeEngine(t), "cases:\n- name: c\n  "+strings.ReplaceAll(backend, "\n", "\n  ")+`steps:
  - {request: {method: POST, body: very evil}, response: {statusCode: 400}}
  - {request: {path: /abc}, response: {statusCode: 202}}
  - {request: {path: /abc}, response: {statusCode: 299}}
  - {request: {headers: {x-k: v}}, response: {statusCode: 203}}
  - {request: {method: POST, body: good}, response: {statusCode: 299}}
`, RunOptions{})
	assert.Empty(t, fields(results))
	assert.Len(t, results, 5)
}

func TestRepeatedRequests(t *testing.T) {
	const limit = "config: {limit: 3}\nrequest: {}\n"
	runAssertions(t, "", []assertion{
		{"counts", limit + "repeat: 5\ncounts: {200: 3, 429: 2}", nil},
		{"counts of parallel requests", limit + "repeat: 50\nparallel: 10\ncounts: {200: 3, 429: 47}", nil},
		{"other counts", limit + "parallel: 5\ncounts: {200: 5}", []string{"counts"}},
		{"each must be as expected", limit + "repeat: 5\nresponse: {statusCode: 200}", []string{"response.statusCode"}},
		{"every request must arrive", "request: {method: POST, bodySize: 200000}\nrepeat: 20\nparallel: 20\nexpectedRequest: {bodySize: 200000}", nil},
	}, RunOptions{}, nil)
}

func TestStreaming(t *testing.T) {
	const response = "backend: [{response: {chunks: [{data: one}, {data: two, waitForClient: true, after: 1ms}, {dataBase64: dGhyZWU=, waitForClient: two}]}}]\n"
	const request = "request: {method: POST, chunks: [{data: one}, {data: two, waitForBackend: true}, {data: three, waitForBackend: onetwo}]}\n"
	const both = "backend: [{response: {atHeaders: true, chunks: [{data: hello}, {data: bye, waitForClient: true}]}}]\n" +
		"request: {method: POST, chunks: [{data: a}, {data: b, waitForBackend: a}]}\n"
	runAssertions(t, "", []assertion{
		{"a response that flows", response + "request: {}\nresponse: {body: onetwothree}", nil},
		{"a response over HTTP/2", response + "request: {protocol: HTTP/2}\nresponse: {body: onetwothree}", nil},
		{"a response that is buffered", response + "config: {buffer: true}\ntimeout: 500ms\nrequest: {}\nresponse: {body: onetwothree}", []string{"response", "response.body", "services"}},
		{"a request that flows", request + "expectedRequest: {body: onetwothree}", nil},
		{"a request that is buffered", request + "config: {buffer: true}\ntimeout: 500ms\nexpectedRequest: {body: onetwothree}", []string{"response", "expectedRequest", "expectedRequest.body"}},
		{"an answer before the end of the request", both + "response: {body: hellobye}", nil},
		{"a websocket", "request: {websocket: [hello, wörld]}\nresponse: {statusCode: 101, messages: [hello, wörld]}", nil},
		{"a websocket that says something else", "request: {websocket: [hello]}\nresponse: {messages: [bye]}", []string{"response.messages"}},
		{"a websocket that is refused", "config: {deny: 403}\nrequest: {path: /deny, websocket: [hello]}\nresponse: {statusCode: 403, messages: [hello]}", []string{"response.messages"}},
		{"a client that goes away", "backend: [{response: {hang: true}}]\nrequest: {method: POST, abort: true, chunks: [{data: a}, {waitForBackend: a}]}\nresponse: {reset: true}", nil},
	}, RunOptions{}, nil)
}

func TestProtocols(t *testing.T) {
	runAssertions(t, "", []assertion{
		{"HTTP/1.0", "request: {protocol: HTTP/1.0, method: POST, body: hi}\nresponse: {statusCode: 200, headers: {connection: close}}\nexpectedRequest: {body: hi}", nil},
		{"HTTP/1.1 stays open", "request: {protocol: HTTP/1.1}\nresponse: {absentHeaders: [connection]}", nil},
		{"HTTP/2", "request: {protocol: HTTP/2, method: POST, body: hi, path: '/a?b'}\nresponse: {statusCode: 200}\nexpectedRequest: {body: hi, path: '/a?b'}", nil},
	}, RunOptions{}, nil)
}

func TestUnreachableServicesRefuseConnections(t *testing.T) {
	e := newFakeEngine(t)
	_, results := runText(t, e, "services: [{name: gone.dns, port: 80, unreachable: true}]\nroutes: [{name: default, service: 'gone.dns:80'}]\n"+
		"cases:\n- {name: c, request: {}, response: {statusCode: 200}}\n", RunOptions{})
	assert.Empty(t, fields(results), "the fake engine knows the echo backend only")
	refuser, err := newRefuser()
	require.NoError(t, err)
	defer refuser.close()
	_, err = net.Dial("tcp", refuser.address)
	assert.Error(t, err)
	assert.NotEmpty(t, e.applied[0].Upstreams["gone.dns:80"])
}

func TestLoadErrors(t *testing.T) {
	const before = "- name: before\n  config: {deny: 403}\n  request: {path: /deny}\n  response: {statusCode: 403}\n"
	for name, test := range map[string]struct {
		yaml  string
		fails []string
	}{
		"refused as told":            {"- {name: c, config: {refuse: a is required}, loadError: a is required}", nil},
		"refused for another reason": {"- {name: c, config: {refuse: b is required}, loadError: a is required}", []string{"loadError"}},
		"accepted":                   {"- {name: c, config: {}, loadError: a is required}", []string{"loadError"}},
		"refused unexpectedly":       {"- {name: c, config: {refuse: x}, request: {}, response: {statusCode: 200}}", []string{"config"}},
		"the previous stays":         {before + "- {name: c, config: {refuse: x}, loadError: x}", nil},
		"the previous is gone":       {before + "- {name: c, config: {refuse: x, breakPrevious: true}, loadError: x}", []string{"previous configuration: response.statusCode"}},
		"the previous cannot be asked again": {strings.Replace(before, "name: before", "name: before\n  stateful: true", 1) +
			"- {name: c, config: {refuse: x, breakPrevious: true}, loadError: x}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, results := runText(t, newFakeEngine(t), "cases:\n"+test.yaml+"\n", RunOptions{})
			assert.Equal(t, test.fails, fields(results), "%v", results)
		})
	}
}

func TestCasesForOtherEnginesAreSkippedWithTheirReason(t *testing.T) {
	summary, results := runText(t, newFakeEngine(t), "cases:\n- {name: a, engines: [envoy], reason: no Redis there, request: {}, response: {statusCode: 500}}\n"+
		"- {name: b, engines: [gateway], reason: x, request: {}, response: {statusCode: 200}}\n", RunOptions{})
	assert.Equal(t, 1, summary.Skipped)
	assert.Equal(t, 1, summary.Passed)
	assert.Equal(t, Result{Case: "a", Engine: "gateway", Skipped: "no Redis there"}, results[0])
}

func TestFilterChoosesCasesAndSteps(t *testing.T) {
	const text = `cases:
- name: first
  steps:
  - {name: one, request: {}, response: {statusCode: 200}}
  - {request: {}, response: {statusCode: 200}}
  - {name: three, request: {}, response: {statusCode: 200}}
- {name: second, request: {}, response: {statusCode: 200}}
`
	for filter, want := range map[string][]string{
		"first":         {"first/one", "first/step 2", "first/three"},
		"^second$":      {"second/"},
		"first/step 2$": {"first/one", "first/step 2"},
		"none":          nil,
	} {
		_, results := runText(t, newFakeEngine(t), text, RunOptions{Filter: regexp.MustCompile(filter)})
		var got []string
		for _, r := range results {
			got = append(got, r.Case+"/"+r.Step)
		}
		assert.Equal(t, want, got, filter)
	}
}

func TestPreparationThatFailsEndsTheRun(t *testing.T) {
	e := newFakeEngine(t)
	e.prepare = errors.New("no envoy on PATH")
	f, err := Parse("cases.yaml", []byte("cases: [{name: c, request: {}, response: {statusCode: 200}}]"))
	require.NoError(t, err)
	_, err = f.Run(t.Context(), e, tested, RunOptions{})
	assert.EqualError(t, err, "prepare gateway: no envoy on PATH")
	assert.Empty(t, e.applied)
	require.Len(t, e.prepared, 1)
	assert.Equal(t, "case-001-c", e.prepared[0].Name)
}

func TestReportsAreReadable(t *testing.T) {
	_, results := runText(t, newFakeEngine(t), "cases:\n- name: c\n  config: {deny: 403, log: hello}\n  steps:\n  - name: s\n    request: {path: /deny}\n"+
		"    response: {statusCode: 401, body: \"a\\ndenied\\nb\\n\"}\n    accessLog: {bytes: 12}\n", RunOptions{})
	var out bytes.Buffer
	require.NoError(t, results[0].Write(&out))
	text := regexp.MustCompile(`\((<1ms|\d+m?s|\d+\.\d+s)\)`).ReplaceAllString(out.String(), "(T)")
	text = regexp.MustCompile(`(?m)^ +date: .*\n`).ReplaceAllString(text, "")
	assert.Equal(t, strings.TrimPrefix(`
FAIL  c / s (T)
      response.statusCode
        expected 401
        actual   403
      response.body
        (- expected, + actual)
        - a
          denied
        - b
        - 
      response: 403
        x-denied: 
        set-cookie: a=1
        set-cookie: b=2
        transfer-encoding: chunked
        "denied"
      log:
        [info] hello
`, "\n"), text)
}

func TestAPluginOfTheChainThatIsNotThere(t *testing.T) {
	summary, results := runText(t, newFakeEngine(t), "cases:\n- {name: c, plugins: [{name: absent}], request: {}, response: {statusCode: 200}}\n", RunOptions{})
	assert.Equal(t, []string{"plugins"}, fields(results))
	assert.Equal(t, 1, summary.Failed)
}

func TestLoadReadsFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "body.bin"), []byte{0, 255, 1}, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cases.yaml"), []byte("cases:\n- {name: c, request: {method: POST, bodyFile: body.bin}, expectedRequest: {bodyFile: body.bin, bodyBase64: null}}\n"), 0o600))
	f, err := Load(filepath.Join(dir, "cases.yaml"))
	require.NoError(t, err)
	summary, err := f.Run(t.Context(), newFakeEngine(t), tested, RunOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, summary.Passed)
	_, err = Load(filepath.Join(dir, "none.yaml"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
