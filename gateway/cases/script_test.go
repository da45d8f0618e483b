package cases

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExpressionsInACase(t *testing.T) {
	runAssertions(t, "keys: {k: {secret: s, kid: one}, r: {generate: P-256, kid: two}}\nvalues: {path: '/a${{ 1 + 1 }}'}\n", []assertion{
		{"in a request and in what the backend has", "values: {nonce: '${{ hex(random(8)) }}'}\n" +
			"request: {path: '${{ path }}', headers: {x-nonce: '${{ nonce }}', x-date: '${{ httpDate(now - 5m) }}', x-at: '${{ now }}'}}\n" +
			"expectedRequest: {path: /a2, headers: {x-nonce: '${{ nonce }}', x-date: '~ GMT$', x-at: '~^[0-9]{10}$'}}", nil},
		{"another value", "values: {nonce: '${{ hex(random(8)) }}'}\nrequest: {headers: {x-nonce: '${{ nonce }}'}}\n" +
			"expectedRequest: {headers: {x-nonce: '${{ nonce }}x'}}", []string{"expectedRequest.headers[x-nonce]"}},
		{"in a pattern", "request: {path: /a.b}\nexpectedRequest: {path: \"~^${{ regexp('/a.b') }}$\"}", nil},
		{"in the configuration, where an integer stays one", "config: {deny: '${{ 400 + 3 }}'}\nrequest: {path: /deny}\nresponse: {statusCode: 403}", nil},
		{"in an answer", "backend: [{response: {headers: {x-a: '${{ path }}'}, body: '${{ jwks(r, k) }}'}}]\nrequest: {}\n" +
			"response: {headers: {x-a: /a2}, bodyJSON: {keys: [{kid: two, kty: EC, crv: P-256}, {kid: one, kty: oct}]}}", nil},
		{"bytes as a body", "request: {method: POST, body: \"${{ gzip('hello') }}\"}\nexpectedRequest: {body: \"${{ gzip('hello') }}\"}", nil},
		{"bytes as a chunk", "request: {method: POST, chunks: [{data: \"${{ unhex('ff00') }}\"}]}\nexpectedRequest: {bodyBase64: /wA=}", nil},
		{"a token", "values: {t: {jwt: {key: k, claims: {exp: '${{ now + 60 }}', sub: a}}}}\nrequest: {headers: {authorization: 'Bearer ${{ t }}'}}\n" +
			"expectedRequest: {headers: {authorization: \"~^Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Im9uZSIsInR5cCI6IkpXVCJ9[.]\"}}", nil},
		{"the claims of a token", "values: {t: {jwt: {key: k, claims: {exp: '${{ 5 + 60 }}', sub: a}}}}\nrequest: {method: POST, body: \"${{ unbase64(part(t, '.', 1)) }}\"}\n" +
			"expectedRequest: {body: '{\"exp\":65,\"sub\":\"a\"}'}", nil},
		{"JSON", "values: {j: {json: {a: '${{ 1 }}', b: '<${{ 2 }}>'}}}\nrequest: {method: POST, body: '${{ j }}'}\nexpectedRequest: {body: '{\"a\":1,\"b\":\"<2>\"}'}", nil},
		{"multipart", "values: {m: {multipart: {boundary: b, parts: [{headers: ['content-type: x/y'], body: \"${{ unhex('ff') }}\"}, {body: '2'}]}}}\n" +
			"request: {method: POST, body: '${{ m }}'}\n" +
			"expectedRequest: {body: \"${{ '--b\\r\\ncontent-type: x/y\\r\\n\\r\\n' + unhex('ff') + '\\r\\n--b\\r\\n\\r\\n2\\r\\n--b--\\r\\n' }}\"}", nil},
		{"values of a case are computed once", "values: {once: '${{ uuid() }}'}\nsteps:\n" +
			"- {request: {headers: {x-v: '${{ once }}'}}, capture: {seen: {bodyJSON: headers.X-V}}}\n" +
			"- {request: {headers: {x-v: '${{ seen }}'}}, expectedRequest: {headers: {x-v: '${{ once }}'}}}", nil},
		{"values of a step for each request", "steps:\n- values: {each: '${{ uuid() }}'}\n  request: {headers: {x-request-id: '${{ each }}', x-v: '${{ each }}'}}\n" +
			"  repeat: 5\n  parallel: 5\n  expectedRequest: {headers: {x-v: '${{ each }}'}}", nil},
	}, RunOptions{}, nil)
}

func TestCapture(t *testing.T) {
	const answer = "backend:\n- match: {path: /login}\n  response: {headers: {location: '/cb?state=a%2Fb&x=1', set-cookie: [a=1; Path=/, 'sid=s1; HttpOnly']}, body: '{\"list\": [{\"id\": 7}, \"t\"]}'}\n" +
		"- {match: {path: /answer}, response: {body: 'got ${{ sid }}'}}\n- {response: {}}\n"
	const login = answer + "steps:\n- {request: {path: /login}, capture: {state: {header: location, matches: 'state=([^&]*)'}, sid: {cookie: sid}, id: {bodyJSON: 'list[0].id'}, all: {matches: '.*'}}}\n"
	runAssertions(t, "", []assertion{
		{"a header, a cookie, a member, the body", login + "- request: {headers: {x-all: '${{ unurl(state) }} ${{ sid }} ${{ id }} ${{ length(all) }}'}}\n  expectedRequest: {headers: {x-all: a/b s1 7 26}}", nil},
		{"in a later answer", login + "- {request: {path: /answer}, response: {body: got s1}}", nil},
		{"no such header", "steps: [{request: {}, capture: {x: {header: x-none}}}]", []string{"capture.x"}},
		{"no such cookie", "steps: [{request: {}, capture: {x: {cookie: c}}}]", []string{"capture.x"}},
		{"no such member", "steps: [{request: {}, capture: {x: {bodyJSON: 'a[1]'}}}]", []string{"capture.x"}},
		{"no match", "steps: [{request: {}, capture: {x: {matches: '^never$'}}}]", []string{"capture.x"}},
	}, RunOptions{}, nil)
}

func TestARefusedConfigurationLeavesOneWithExpressionsInForce(t *testing.T) {
	_, results := runText(t, newFakeEngine(t), `
values: {path: /deny}
cases:
- {name: before, config: {deny: '${{ 403 }}'}, request: {path: '${{ path }}'}, response: {statusCode: 403}}
- {name: refused, config: {refuse: 'x${{ 1 }}'}, loadError: x1}
- {name: refused and lost, config: {refuse: x, breakPrevious: true}, loadError: x}
`, RunOptions{})
	assert.Equal(t, []string{"previous configuration: response.statusCode"}, fields(results), "%v", results)
}

func TestAnswersUsedUpStaySoWhenTheyAreComputedAnew(t *testing.T) {
	_, results := runText(t, newFakeEngine(t), `
cases:
- name: c
  backend:
  - {times: 1, response: {body: 'first ${{ now }}'}}
  - {response: {body: second}}
  steps:
  - {request: {}, response: {bodyMatches: '^first [0-9]+$'}}
  - {request: {}, response: {body: second}}
`, RunOptions{})
	assert.Empty(t, fields(results))
}

func TestAValueThatCannotBeComputedWhileACaseRuns(t *testing.T) {
	_, results := runText(t, newFakeEngine(t), "cases:\n- name: c\n  steps:\n  - {request: {}, capture: {x: {matches: '^'}}}\n"+
		"  - {request: {path: \"/${{ part(x, '.', 1) }}\"}, response: {statusCode: 200}}\n", RunOptions{})
	assert.Equal(t, []string{"expressions"}, fields(results))
	assert.Contains(t, results[1].Failures[0].Actual, "request.path: part: 1 parts have no index 1")
}

func TestProblemsOfExpressions(t *testing.T) {
	const ok = "request: {}, response: {statusCode: 200}"
	for _, test := range []struct{ yaml, problem string }{
		{"cases: [{name: a, request: {path: '/${{ x'}, response: {statusCode: 200}}]", `cases[0].request.path: expression "x": ends where an operator or }} is expected`},
		{"cases: [{name: a, request: {path: '/${{ x }}'}, response: {statusCode: 200}}]", "cases[0].request.path: there is no value named x"},
		{"cases: [{name: a, steps: [{request: {headers: {x: '${{ y }}'}}, capture: {y: {header: z}}}]}]", "cases[0].steps[0].request.headers.x: there is no value named y"},
		{"cases: [{name: a, request: {path: 'x${{ 1 }}'}, response: {statusCode: 200}}]", `cases[0].request.path: must be a request target without spaces that begins with a slash, not "x1"`},
		{"cases: [{name: a, request: {headers: {x: \"${{ unhex('ff') }}\"}}, response: {statusCode: 200}}]", "cases[0].request.headers.x: these bytes are no text (UTF-8): use base64 or hex"},
		{"values: {a: '${{ b }}', b: '${{ a }}'}\ncases: [{name: a, " + ok + "}]", "values.a: value b: value a: the value b needs itself"},
		{"values: {'a-b': x}\ncases: [{name: a, " + ok + "}]", "values.a-b: must be a name of letters, digits and underscores that is no function"},
		{"values: {a: true}\ncases: [{name: a, " + ok + "}]", "values.a: must be a text, an integer, or an object with jwt, json or multipart"},
		{"values: {a: {jwt: {key: k}}}\ncases: [{name: a, " + ok + "}]", "values.a: jwt: key: there is no value named k"},
		{"values: {a: {jwt: {kay: k}}}\ncases: [{name: a, " + ok + "}]", `values.a: jwt: unknown field "kay"`},
		{"values: {a: {jwt: {claims: {x: \"${{ unhex('ff') }}\"}}}}\ncases: [{name: a, " + ok + "}]", "values.a: jwt: claims: holds bytes that are no text"},
		{"values: {a: {jwt: {claims: {}, payload: x}}}\ncases: [{name: a, " + ok + "}]", "values.a: jwt: only one of claims and payload can be set"},
		{"values: {a: {multipart: {}}}\ncases: [{name: a, " + ok + "}]", "values.a: multipart: boundary: must not be empty"},
		{"keys: {k: {generate: DSA}}\ncases: [{name: a, " + ok + "}]", "keys.k: generate: must be RSA"},
		{"keys: {k: {secret: s}}\nvalues: {k: x}\ncases: [{name: a, " + ok + "}]", "values.k: is the name of a key"},
		{"keys: {k: {secret: s}}\ncases: [{name: a, request: {headers: {x: '${{ k }}'}}, response: {statusCode: 200}}]", "cases[0].request.headers.x: k is a key: use jwk, jwks or pem to write it"},
		{"cases: [{name: a, request: {}, capture: {now: {header: x}}}]", "cases[0].capture.now: must be a name"},
		{"cases: [{name: a, request: {}, capture: {x: {header: x, cookie: z}}}]", "cases[0].capture.x: only one of header, cookie and bodyJSON can be set"},
		{"cases: [{name: a, request: {}, capture: {x: {matches: '('}}}]", "cases[0].capture.x.matches: error parsing regexp"},
		{"cases: [{name: a, redis: [{command: [GET, k]}], capture: {x: {header: x}}}]", "cases[0].capture.x: needs a request"},
	} {
		t.Run(test.problem, func(t *testing.T) {
			assert.Contains(t, strings.Join(problemsOf(t, test.yaml), "\n"), test.problem)
		})
	}
}

func TestAFileWithoutExpressionsIsAsItStands(t *testing.T) {
	f, err := Parse("cases.yaml", []byte("values: {a: x}\ncases: [{name: a, request: {path: '/${x}$1'}, response: {statusCode: 200}}]"))
	require.NoError(t, err)
	assert.Nil(t, f.Cases[0].script)
	assert.Equal(t, "/${x}$1", f.Cases[0].Steps[0].Request.Path)
}
