package cases

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSplitBodies(t *testing.T) {
	runAssertions(t, "", []assertion{
		{"everywhere: a request for each place", "request: {method: POST, body: abcde, split: everywhere}\ncounts: {200: 4}\nexpectedRequest: {body: abcde, headers: {content-length: 5}}", nil},
		{"after every so many bytes, without a length", "request: {method: POST, body: abcde, split: 2, chunked: true}\nexpectedRequest: {body: abcde, absentHeaders: [content-length]}", nil},
		{"at offsets, beyond the end too", "request: {method: POST, bodyBase64: /wAB, split: [1, 2, 9]}\nexpectedRequest: {bodyBase64: /wAB}", nil},
		{"a single byte", "request: {method: POST, body: a, split: everywhere}\nexpectedRequest: {body: a}", nil},
		{"an answer, at another place each time", "backend: [{response: {body: abc, split: everywhere}}]\nrequest: {}\nrepeat: 4\nresponse: {body: abc, headers: {content-length: 3}}", nil},
		{"the body is compared", "request: {method: POST, body: abc, split: everywhere}\nexpectedRequest: {body: abd}", []string{"expectedRequest.body"}},
	}, RunOptions{}, nil)
}

func TestPlacesOfASplit(t *testing.T) {
	for _, test := range []struct {
		split      Split
		size, turn int
		want       []int
	}{
		{Split{Every: 2}, 5, 0, []int{2, 4}},
		{Split{Every: 5}, 5, 0, nil},
		{Split{At: []int{1, 3}}, 5, 7, []int{1, 3}},
		{Split{Everywhere: true}, 4, 0, []int{1}},
		{Split{Everywhere: true}, 4, 2, []int{3}},
		{Split{Everywhere: true}, 4, 3, []int{1}},
		{Split{Everywhere: true}, 1, 0, nil},
	} {
		assert.Equal(t, test.want, test.split.places(test.size, test.turn), "%+v", test)
	}
}

func TestServicesThatChange(t *testing.T) {
	const two = "backend: [{times: 1, response: {statusCode: 201}}, {response: {statusCode: 202}}]\nsteps:\n- {request: {}, response: {statusCode: 201}}\n"
	const other = "- {services: [{name: echo.static, port: 80, answers: [{times: 1, response: {statusCode: 203}}, {response: {statusCode: 204}}]}], request: {}, response: {statusCode: 203}}\n"
	runAssertions(t, "", []assertion{
		{"for a step and those after it", two + other + "- {request: {}, response: {statusCode: 204}}", nil},
		{"with expressions too", two + other + "- {request: {path: '/${{ 1 }}'}, response: {statusCode: 204}}\n- {request: {}, response: {statusCode: 204}}", nil},
		{"not before", two + "- {request: {}, response: {statusCode: 202}}\n" + other, nil},
	}, RunOptions{}, nil)
}

func TestAServiceThatAnswersNonsense(t *testing.T) {
	runAssertions(t, "services: [{name: echo.static, port: 80, raw: \"nonsense\\r\\n\\r\\n\"}]\n", []assertion{
		{"no HTTP", "request: {}\nresponse: {reset: true}", nil},
		{"HTTP, byte by byte", "services: [{name: echo.static, port: 80, raw: \"HTTP/1.1 299 X\\r\\ncontent-length: ${{ 1 + 1 }}\\r\\n\\r\\nok\"}]\nrequest: {}\nresponse: {statusCode: 299, body: ok}", nil},
		{"less than promised", "services: [{name: echo.static, port: 80, raw: \"HTTP/1.1 200 OK\\r\\ncontent-length: 9\\r\\n\\r\\nok\"}]\nrequest: {}\nresponse: {statusCode: 200, reset: true}", nil},
		{"in a later step", "steps:\n- {request: {}, response: {reset: true}}\n- {services: [{name: echo.static, port: 80, raw: \"HTTP/1.1 204 X\\r\\n\\r\\n\"}], request: {}, response: {statusCode: 204}}", nil},
	}, RunOptions{}, nil)
}

func TestARedisThatIsSlowOrGone(t *testing.T) {
	const head = "services: [{name: redis.static, port: 6379, redis: true}]\n"
	const incr = "config: {redis: [INCR, num]}\n"
	const with = "services: [{name: redis.static, port: 6379, redis: true, "
	prepare := func(e *fakeEngine) { e.redis = miniredis.RunT(t).Addr() }
	runAssertions(t, head, []assertion{
		{"gone", incr + with + "gone: true}]\nrequest: {}\nresponse: {statusCode: 503}\nredis: [{command: [GET, num], reply: null}]", nil},
		{"gone for a while", incr + "steps:\n- {request: {}, response: {statusCode: 200}}\n- {" + with + "gone: true}], request: {}, response: {statusCode: 503}}\n" +
			"- {services: [{name: redis.static, port: 6379, redis: true}], request: {}, response: {statusCode: 200}, redis: [{command: [GET, num], reply: '2'}]}", nil},
		{"slower than the step may take", incr + with + "delay: 10s}]\ntimeout: 100ms\nrequest: {}\nresponse: {statusCode: 200}", []string{"response"}},
	}, RunOptions{RedisPrivate: true}, prepare)

	e := newFakeEngine(t)
	prepare(e)
	_, results := runText(t, e, head+"cases: [{name: c, config: {redis: [INCR, num]}, "+with+"delay: 50ms}], request: {}, response: {statusCode: 200}}]", RunOptions{RedisPrivate: true})
	require.Empty(t, fields(results))
	assert.GreaterOrEqual(t, results[0].Duration, 50*time.Millisecond)
}

// pairedEngine has a second gateway.
type pairedEngine struct {
	*fakeEngine
	second *fakeEngine
}

func (e *pairedEngine) Second(context.Context) (Engine, error) { return e.second, nil }

func TestTwoGateways(t *testing.T) {
	f, err := Parse("cases.yaml", []byte(`
cases:
- name: alone
  config: {limit: 1}
  request: {}
  response: {statusCode: 200}
- name: both
  config: {limit: 2, log: hello}
  steps:
  - {request: {}, repeat: 6, gateways: [1, 2], counts: {200: 4, 429: 2}}
  - {request: {}, gateways: [2], response: {statusCode: 429}, accessLog: {response_code: '429'}, log: ['~(?s)hello.*hello']}
`))
	require.NoError(t, err)
	e := &pairedEngine{newFakeEngine(t), newFakeEngine(t)}
	var results []Result
	options := RunOptions{Progress: func(r Result) { results = append(results, r) }}
	_, err = f.Run(t.Context(), e, tested, options)
	require.NoError(t, err)
	assert.Empty(t, fields(results), "%v", results)
	assert.Len(t, e.applied, 2)
	assert.Len(t, e.second.applied, 1, "only what needs it")
	assert.Len(t, e.second.prepared, 1)

	_, err = f.Run(t.Context(), e.fakeEngine, tested, options)
	assert.EqualError(t, err, "gateway has no second gateway")
}

func TestCookiesAreKeptAsABrowserDoes(t *testing.T) {
	const head = "cookies: true\nbackend:\n- {match: {path: /in}, response: {headers: {set-cookie: [a=1; Path=/, b=2; Path=/only, c=3; Secure; Path=/]}}}\n" +
		"- {match: {path: /out}, response: {headers: {set-cookie: a=; Max-Age=0; Path=/}}}\n- {response: {}}\nsteps:\n- {request: {path: /in}, response: {statusCode: 200}}\n"
	runAssertions(t, "", []assertion{
		{"by path and security", head + "- {request: {path: /x}, expectedRequest: {headers: {cookie: a=1}}}\n- {request: {path: '/only/x?y'}, expectedRequest: {headers: {cookie: 'b=2; a=1'}}}", nil},
		{"not to another host", head + "- {request: {host: other.test}, expectedRequest: {absentHeaders: [cookie]}}", nil},
		{"deleted", head + "- {request: {path: /out}, response: {statusCode: 200}}\n- {request: {}, expectedRequest: {absentHeaders: [cookie]}}", nil},
		{"not instead of those that the request has", head + "- {request: {headers: {cookie: x=y}}, expectedRequest: {headers: {cookie: x=y}}}", nil},
	}, RunOptions{}, nil)
}

func TestAnswersThatWaitUntilTold(t *testing.T) {
	const head = "services: [{name: idp.dns, port: 443, answers: [{response: {until: go, statusCode: 204}}]}]\nconfig: {callLater: /x}\n"
	runAssertions(t, "", []assertion{
		{"in a later step", head + "steps:\n- {request: {}, response: {statusCode: 200}, callouts: [{service: 'idp.dns:443'}]}\n- {request: {path: /2}, log: [], logAbsent: [answered 204], response: {statusCode: 200}}\n" +
			"- {tell: [go], log: [answered 204]}", nil},
		{"told beforehand", head + "steps: [{tell: [go], request: {}, log: [answered 204]}]", nil},
		{"with expressions, by another step's services", "services: [{name: idp.dns, port: 443}]\nconfig: {callLater: /x}\nsteps:\n" +
			"- {services: [{name: idp.dns, port: 443, answers: [{response: {until: go, statusCode: 204}}]}], request: {path: '/${{ 1 }}'}, response: {statusCode: 200}}\n- {tell: [go], log: [answered 204]}", nil},
		{"never told", head + "timeout: 100ms\nrequest: {}\nlog: [answered]", []string{"log"}},
	}, RunOptions{}, nil)
}

func TestProblemsOfFeatures(t *testing.T) {
	const ok = "request: {}, response: {statusCode: 200}"
	for _, test := range []struct{ yaml, problem string }{
		{"cases: [{name: a, request: {method: POST, body: x, split: 0}, response: {statusCode: 200}}]", "cases[0].request.split: must be a number of bytes, a list of ascending offsets, or everywhere"},
		{"cases: [{name: a, request: {method: POST, body: x, split: [2, 1]}, response: {statusCode: 200}}]", "cases[0].request.split: must be a number of bytes, a list of ascending offsets, or everywhere"},
		{"cases: [{name: a, request: {method: POST, bodySize: 5, split: 1}, response: {statusCode: 200}}]", "cases[0].request.split: needs body, bodyBase64 or bodyFile"},
		{"cases: [{name: a, request: {chunked: true}, response: {statusCode: 200}}]", "cases[0].request.chunked: needs a body"},
		{"cases: [{name: a, tell: [x], " + ok + "}]", `cases[0].steps[0].tell[0]: no answer waits until "x"`},
		{"cases: [{name: a, gateways: [3], " + ok + "}]", "cases[0].gateways[0]: must be 1 or 2, not 3"},
		{"services: [{name: a.dns, port: 1, gone: true}]\ncases: [{name: a, " + ok + "}]", "services[0]: delay and gone need redis: true; answers and commands have a delay of their own"},
		{"services: [{name: a.dns, port: 1, noEndpoints: true, redis: true}]\ncases: [{name: a, " + ok + "}]", "services[0]: only one of answers, redis, commands, raw, unreachable and noEndpoints can be set"},
		{"cases: [{name: a, steps: [{services: [{name: a.dns, port: 1}], " + ok + "}]}]", "cases[0].steps[0].services[0]: a.dns:1 is not among the services of the case"},
		{"services: [{name: a.dns, port: 1}]\ncases: [{name: a, steps: [{services: [{name: a.dns, port: 1, unreachable: true}], " + ok + "}]}]", "cases[0].steps[0].services[0]: a.dns:1 cannot become a service of another kind in a step"},
		{"cases: [{name: a, request: {clientAddress: a.test}, response: {statusCode: 200}}]", `cases[0].request.clientAddress: must be an address, or an address and a port, such as 203.0.113.7 or [2001:db8::7]:4711, not "a.test"`},
		{"cases: [{name: a, request: {proxyProtocol: 1}, response: {statusCode: 200}}]", "cases[0].request.proxyProtocol: must be 1 or 2, and needs clientAddress"},
		{"cases: [{name: a, request: {tls: {version: '1.1'}}, response: {statusCode: 200}}]", `cases[0].request.tls.version: must be one of 1.2, 1.3, not "1.1"`},
		{"cases: [{name: a, request: {tls: {sni: 127.0.0.1}}, response: {statusCode: 200}}]", "cases[0].request.tls.sni: must be a name"},
		{"cases: [{name: a, request: {tls: {alpn: [h2]}}, response: {statusCode: 200}}]", "cases[0].request.tls.alpn: h2 needs protocol: HTTP/2"},
		{"cases: [{name: a, request: {protocol: HTTP/2, tls: {alpn: []}}, response: {statusCode: 200}}]", "cases[0].request.tls.alpn: is h2 for HTTP/2 and cannot be set"},
	} {
		t.Run(test.problem, func(t *testing.T) {
			assert.Contains(t, problemsOf(t, test.yaml)[0], test.problem)
		})
	}
}

func TestWhatAListenerIsAskedFor(t *testing.T) {
	e := newFakeEngine(t)
	runText(t, e, ` # the fake engine knows neither: what comes of the requests does not matter
cases:
- {name: plain, request: {}, response: {statusCode: 200}}
- {name: tls, request: {tls: {}}, timeout: 1s, response: {reset: true}}
- {name: proxy, request: {clientAddress: 203.0.113.7}, timeout: 1s, response: {statusCode: 400}}
`, RunOptions{})
	require.Len(t, e.applied, 3)
	for i, want := range [][2]bool{{false, false}, {true, false}, {false, true}} {
		assert.Equal(t, want, [2]bool{e.applied[i].TLS, e.applied[i].ProxyProtocol}, e.applied[i].Name)
	}
}
