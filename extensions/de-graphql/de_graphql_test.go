package main

import (
	"encoding/json"
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestDefinitions(t *testing.T) {
	for _, tt := range []struct {
		name, document string
		want           map[string]kind
	}{
		{"scalars", "query($a:String!,$b : Int ,$c\n:\tFloat $d:Boolean=true){x}", map[string]kind{"a": kindString, "b": kindInt, "c": kindFloat, "d": kindBoolean}},
		{"whole words", "query($a: IntRange, $b: Strings, $c: [Int], $d: ID)", map[string]kind{"a": kindUnknown, "b": kindUnknown, "c": kindUnknown, "d": kindUnknown}},
		{"uses are no definitions", "{ x(a: $a, b: $b) }", map[string]kind{}},
		{"once", "query q($a: Int) {x} query r($a: String) {y}", map[string]kind{"a": kindInt}},
		{"comments and strings", "# $a: Int\nquery { x(s: \"$b: Int \\\" $c: Int\", t: \"\"\"$d: Int \\\"\"\" $e: Int\"\"\") }", map[string]kind{}},
		{"cut off", "query($", map[string]kind{}},
		{"a string cut off", `"$a: Int`, map[string]kind{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := map[string]kind{}
			for _, v := range definitions(tt.document) {
				got[v.name] = v.kind
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string][2]bool{
		"0": {true, true}, "-12": {true, true}, "1.5": {true, false}, "1e3": {true, false},
		"": {}, "-": {}, "01": {}, "+1": {}, ".5": {}, "1.": {}, "NaN": {}, "1 ": {}, "1,2": {}, "0x1": {}, "1}": {}, "true": {},
	} {
		assert.Equal(t, want, [2]bool{isNumber(text, false), isNumber(text, true)}, text)
	}
}

func FuzzTheBodyHasTheVariablesAlone(f *testing.F) {
	var config Config
	if err := parseConfig(field.Of(gjson.Parse(`{"gql": "query ($s: String, $i: Int, $f: Float, $b: Boolean) { x }"}`)), &config); err != nil {
		f.Fatal(err)
	}
	for _, path := range []string{"/?s=a&i=1&f=1.5&b=true", "/?s=%22%7D&i=1%7D", `/?i=1},"x":{`, "/?f=1e400", "/?s=%ff%00"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		body, err := config.body(path, nil)
		if err != nil {
			return
		}
		var decoded struct {
			Query     string
			Variables map[string]any
		}
		if err := json.Unmarshal([]byte(body), &decoded); err != nil && !gjson.Valid(body) {
			t.Fatalf("%q became %s: %v", path, body, err)
		}
		for name := range decoded.Variables {
			if len(name) != 1 {
				t.Fatalf("%q became %s", path, body)
			}
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/de-graphql.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"gql": "query ($n: Int) { x(n: $n) }"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/?n=x"}, {":method", "GET"}, {":scheme", "http"}}, test.WithEndOfStream(true))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 400, reply.StatusCode)
		assert.Equal(t, "de-graphql.invalid_variable", reply.StatusCodeDetail)
		host.CompleteHttp()
	})
}
