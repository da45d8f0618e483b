package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"
)

// readJSON reads a text with limits that only very long texts reach.
func readJSON(text string) (*jsonReader, error) {
	r := &jsonReader{text: text, depthLimit: 100, argumentLimit: 1000, budget: 1 << 20}
	return r, r.read()
}

func TestJSON(t *testing.T) {
	tests := map[string]struct {
		text string
		want [][2]string
		err  error
	}{
		"an object":             {`{"a": {"b":1, "c":"x"}, "d":null}`, [][2]string{{"json.a.b", "1"}, {"json.a.c", "x"}, {"json.d", ""}}, nil},
		"an array":              {"[true,\t-1.5e3 , [\"x\"]]\r\n", [][2]string{{"json.0", "true"}, {"json.1", "-1.5e3"}, {"json.2.0", "x"}, {"json.2", "1"}, {"json", "3"}}, nil},
		"nothing in it":         {`{"a":{},"b":[]}`, nil, nil},
		"an empty object":       {` {} `, nil, nil},
		"a lone value":          {`"x"`, [][2]string{{"json.0", "x"}, {"json", "1"}}, nil},
		"escapes":               {`{"\u0061\"b":"\u003cx\n\ud83d\ude00"}`, [][2]string{{`json.a"b`, "<x\n😀"}}, nil},
		"one name twice":        {`{"a":"x","a":"y","A":"z"}`, [][2]string{{"json.a", "x"}, {"json.a", "y"}, {"json.A", "z"}}, nil},
		"a name that is a path": {`{"a":{"b":"x"},"a.b":"y"}`, [][2]string{{"json.a.b", "x"}, {"json.a.b", "y"}}, nil},
		"an empty name":         {`{"":"x"}`, [][2]string{{"json.", "x"}}, nil},
		"cut off":               {`{"a":"x","b":`, [][2]string{{"json.a", "x"}}, errJSONSyntax},
		"an open string":        {`{"a":"x","b":"y`, [][2]string{{"json.a", "x"}}, errJSONSyntax},
		"a string of a quote":   {`["\`, nil, errJSONSyntax},
		"another text behind":   {`{"a":"x"}{"b":"y"}`, [][2]string{{"json.a", "x"}}, errJSONSyntax},
		"a comma too many":      {`[1,]`, [][2]string{{"json.0", "1"}}, errJSONSyntax},
		"a member too many":     {`{"a":1,}`, [][2]string{{"json.a", "1"}}, errJSONSyntax},
		"crossed brackets":      {`[{"a":1]}`, [][2]string{{"json.0.a", "1"}}, errJSONSyntax},
		"no colon":              {`{"a" 1}`, nil, errJSONSyntax},
		"no name":               {`{a:1}`, nil, errJSONSyntax},
		"no number":             {`[01]`, nil, errJSONSyntax},
		"a raw line break":      {"[\"a\nb\"]", nil, errJSONSyntax},
		"no escape":             {`["\q"]`, nil, errJSONSyntax},
		"a word":                {`evil`, nil, errJSONSyntax},
		"a bracket":             {`]`, nil, errJSONSyntax},
		"nothing":               {``, nil, errJSONSyntax},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := readJSON(tt.text)
			assert.Equal(t, tt.err, err)
			assert.Equal(t, tt.want, r.arguments)
			assert.False(t, r.truncated)
		})
	}
}

func TestLimitsOfJSON(t *testing.T) {
	tests := map[string]struct {
		text                     string
		depth, arguments, budget int
		wantRead                 int // bytes after which it must know
		wantArguments            int
		wantTruncated            bool
		wantErr                  error
	}{
		"brackets without end":            {strings.Repeat("[", 1<<20), 64, 1000, 4096, 65, 0, false, errJSONDepth},
		"objects without end":             {strings.Repeat(`{"a":`, 1<<18), 64, 1000, 4096, 64*5 + 1, 0, false, errJSONDepth},
		"as deep as is allowed":           {strings.Repeat("[", 64) + strings.Repeat("]", 64), 64, 1000, 1 << 20, 128, 63, false, nil},
		"as many values as are allowed":   {`{"a":1,"b":2}`, 64, 2, 4096, 13, 2, false, nil},
		"a value too many":                {`{"a":1,"b":2,"c":3}`, 64, 2, 4096, 19, 2, true, nil},
		"an object too many":              {`{"a":1,"b":2,"c":{}}`, 64, 2, 4096, 20, 2, true, nil},
		"the length of an array too many": {`[[[{}]]]`, 64, 2, 4096, 8, 2, true, nil},
		"the end is read all the same":    {`[1,2,3,`, 64, 2, 4096, 7, 2, true, errJSONSyntax},
		"and how deep it is":              {`[1,2,3,` + strings.Repeat("[", 1<<20), 64, 2, 4096, 7 + 64, 2, true, errJSONDepth},
		"names that repeat":               {`{"` + strings.Repeat("n", 1000) + `":[` + strings.Repeat("1,", 900) + `1]}`, 64, 1000, 4096, 1014, 4, false, errJSONBudget},
		"no limit of values":              {`[1,2,3]`, 64, 0, 4096, 7, 4, false, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := jsonReader{text: tt.text, depthLimit: tt.depth, argumentLimit: tt.arguments, budget: tt.budget}
			assert.Equal(t, tt.wantErr, r.read())
			assert.LessOrEqual(t, r.at, tt.wantRead)
			assert.Len(t, r.arguments, tt.wantArguments)
			assert.Equal(t, tt.wantTruncated, r.truncated)
		})
	}
}

func TestJSONBodies(t *testing.T) {
	const crs = `{"useCRS": true}`
	const own = `{"secRules": ["SecRequestBodyAccess On", "SecAction \"id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"",
		"SecRule ARGS \"@contains evil\" \"id:2,phase:2,deny\""]}`
	tests := map[string]struct {
		config, body string
		status       int // 0: passes
	}{
		"deeper than the engine's limit":       {crs, strings.Repeat("[", 1<<20), 400},
		"deeper than one's own":                {`{"useCRS": true, "secRules": ["SecRequestBodyJsonDepthLimit 2"]}`, `[[[1]]]`, 400},
		"as deep as one's own":                 {`{"useCRS": true, "secRules": ["SecRequestBodyJsonDepthLimit 3"]}`, `[[[1]]]`, 0},
		"more values than are allowed":         {crs, "[" + strings.Repeat("1,", 1000) + "1]", 400},
		"more bytes than are allowed":          {crs, `["` + strings.Repeat("a", 65<<10) + `"]`, 403},
		"deep, and nobody minds":               {own, strings.Repeat("[", 1<<20), 0},
		"what is in front of it is looked at":  {own, `["evil",` + strings.Repeat("[", 1<<20), 403},
		"a long value that is deep is no harm": {own, strings.Repeat("[", 1000) + `"` + strings.Repeat("a", 1<<20) + `"` + strings.Repeat("]", 1000), 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, it := examine(t, tt.config, headers("POST", "/", "content-type: application/json"), tt.body)
			if tt.status == 0 {
				assert.Nil(t, it)
				return
			}
			if assert.NotNil(t, it) {
				assert.Equal(t, tt.status, it.Status)
			}
		})
	}
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":[1,"x",null]}}`, `"x"`, `["\u0061\"",{}]`, `[1,]`, `{"a":`, `[[[`, "[\"\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := jsonReader{text: text, depthLimit: 1 << 20, budget: 1 << 30}
		err := r.read()
		if (err == nil) != gjson.Valid(text) {
			t.Fatalf("%q: %v", text, err)
		}
		if r.at > len(text) || err == nil && r.at != len(text) {
			t.Fatalf("%q is read up to %d", text, r.at)
		}
	})
}
