package body

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"github.com/tidwall/pretty"
)

func set(t *testing.T, json, path, raw string) string {
	t.Helper()
	d, place := NewDocument([]byte(json)), ParsePlace(path)
	require.NoError(t, d.Set(&place, raw))
	return string(d.Bytes())
}

func TestSetADocument(t *testing.T) {
	for _, tt := range []struct{ name, json, path, want string }{
		{"a member", `{"a":1,"b":2}`, "a", `{"a":X,"b":2}`},
		{"an empty object", `{ }`, "a", `{"a":X }`},
		{"blanks stay", `{ "a" : 1 , "b" : [ ] }`, "b", `{ "a" : 1 , "b" : X }`},
		{"a new member", `{"a":1 }`, "b", `{"a":1,"b":X }`},
		{"new parents", `{}`, "a.b.c", `{"a":{"b":{"c":X}}}`},
		{"a list as a new parent", `{}`, "a.2.b", `{"a":[null,null,{"b":X}]}`},
		{"a name of digits", `{}`, "a.:2", `{"a":{"2":X}}`},
		{"digits in an object", `{"a":{"2":1}}`, "a.2", `{"a":{"2":X}}`},
		{"a position", `[1,2,3]`, "1", `[1,X,3]`},
		{"behind the end", `[1]`, "3", `[1,null,null,X]`},
		{"behind the end of nothing", `[]`, "1", `[null,X]`},
		{"a new last element", `{"a":[1, 2 ]}`, "a.-1", `{"a":[1, 2,X ]}`},
		{"in a new last element", `{"a":[]}`, "a.-1.b", `{"a":[{"b":X}]}`},
		{"-1 of an object is a name", `{"a":{}}`, "a.-1", `{"a":{"-1":X}}`},
		{"a new list", `{}`, "a.-1", `{"a":[X]}`},
		{"a dot in a name", `{"a.b":1,"a":{"b":2}}`, `a\.b`, `{"a.b":X,"a":{"b":2}}`},
		{"a scalar in the way", `{"a":1}`, "a.b", `{"a":{"b":X}}`},
		{"null in the way", `{"a":null}`, "a.0", `{"a":[X]}`},
		{"the whole is a scalar", `5`, "a", `{"a":X}`},
		{"a scalar cannot get a last element", `5`, "-1", `{"-1":X}`},
		{"repeated", `{"a":1,"b":2,"a":3,"c":4}`, "a", `{"b":2,"a":X,"c":4}`},
		{"repeated, spelt in escapes", `{"a":1,"\u0061":3}`, "a", `{"\u0061":X}`},
		{"repeated parents", `{"a":{"b":1},"a":{"c":2}}`, "a.b", `{"a":{"c":2,"b":X}}`},
		{"each", `{"u":[{"a":1,"a":2},{"n":2},{"a":{}}, 7]}`, "u.#.a", `{"u":[{"a":X,"a":X},{"n":2},{"a":X}, 7]}`},
		{"each of each", `[[{"a":1}],[],[{"a":2},{"a":3}]]`, "#.#.a", `[[{"a":X}],[],[{"a":X},{"a":X}]]`},
		{"each of nothing", `{"u":{"a":1}}`, "u.#.a", `{"u":{"a":1}}`},
		{"each that fits", `{"u":[{"n":1,"a":1},{"n":2,"a":2},{"n":1,"a":3}]}`, "u.#(n==1)#.a", `{"u":[{"n":1,"a":X},{"n":2,"a":2},{"n":1,"a":X}]}`},
		{"the first that fits", `{"u":[{"n":1,"a":1},{"n":2,"a":2}]}`, `u.#(n==2).a`, `{"u":[{"n":1,"a":1},{"n":2,"a":X}]}`},
		{"none that fits", `{"u":[{"n":1}]}`, "u.#(n==2).a", `{"u":[{"n":1}]}`},
		{"a wildcard", `{"abc":1}`, "a*", `{"abc":X}`},
		{"a count cannot be set", `{"u":[1]}`, "u.#", `{"u":[1]}`},
		{"an escaped wildcard", `{}`, `a\*`, `{"a*":X}`},
	} {
		for _, raw := range []string{`7`, `"` + strings.Repeat("long", 50) + `"`} {
			t.Run(tt.name, func(t *testing.T) {
				got := set(t, tt.json, tt.path, raw)
				assert.Equal(t, strings.ReplaceAll(tt.want, "X", raw), got)
				assert.True(t, gjson.Valid(got))
			})
		}
	}
}

func TestPlacesThatCannotBeWritten(t *testing.T) {
	for path, want := range map[string]string{"": "path cannot be empty", "a.b": "cannot set array element for non-numeric key 'b'",
		"a.9999999": "cannot set array element for non-numeric key '9999999'"} {
		d, place := NewDocument([]byte(`{"a":[1]}`)), ParsePlace(path)
		assert.EqualError(t, d.Set(&place, "1"), want)
		assert.Equal(t, `{"a":[1]}`, string(d.Bytes()))
	}
}

func TestDelete(t *testing.T) {
	for _, tt := range []struct{ name, json, path, want, err string }{
		{"the only member", `{ "a":1 }`, "a", `{  }`, ""},
		{"the first", `{"a":1, "b":2}`, "a", `{"b":2}`, ""},
		{"the last", `{"a":1, "b":2 }`, "b", `{"a":1 }`, ""},
		{"one between", `{"a":1, "b":2, "c":3}`, "b", `{"a":1, "c":3}`, ""},
		{"all repeated ones", `{"a":1,"a":2,"b":3,"a":4,"c":5,"a":6}`, "a", `{"b":3,"c":5}`, ""},
		{"nothing but repeated ones", `{"a":1,"a":2}`, "a", `{}`, ""},
		{"under repeated parents", `{"a":{"b":1},"a":{"b":2,"b":3}}`, "a.b", `{"a":{}}`, ""},
		{"an element", `[1,2,3]`, "1", `[1,3]`, ""},
		{"the last element", `{"i":[1,2,{"x":3}]}`, "i.-1", `{"i":[1,2]}`, ""},
		{"in the last element", `{"i":[1,{"x":3}]}`, "i.-1.x", `{"i":[1,{}]}`, ""},
		{"-1 of an object is a name", `{"-1":1,"b":2}`, "-1", `{"b":2}`, ""},
		{"the last of none", `[]`, "-1", `[]`, ""},
		{"not there", `{"a":1}`, "b.c", `{"a":1}`, ""},
		{"a name with a dot", `{"a.b":1,"a":{"b":2}}`, `a\.b`, `{"a":{"b":2}}`, ""},
		{"complex", `{"a":[{"b":1}]}`, "a.#.b", `{"a":[{"b":1}]}`, "cannot delete value from a complex path"},
		{"empty", `{"a":1}`, "", `{"a":1}`, "path cannot be empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, place := NewDocument([]byte(tt.json)), ParsePlace(tt.path)
			err := d.Delete(&place)
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
			} else {
				assert.NoError(t, err)
			}
			assert.Equal(t, tt.want, string(d.Bytes()))
		})
	}
}

func TestQuery(t *testing.T) {
	const doc = ` {"a":{"b":1,"b":12345678901234567890},"l":[1,{"x":"y","x":"z"},{"n":null},[{"x":1.50}]],"a.b":"dot","":0,"2":"two"} `
	for _, tt := range []struct{ path, want string }{
		{"a.b", `12345678901234567890`}, {`a\.b`, `"dot"`}, {"l.0", `1`}, {"l.3.0.x", `1.50`}, {"l.2.n", `null`}, {"2", `"two"`},
		{"l.#", `4`}, {"l.#.x", `["z"]`}, {"l.#.#.x", `[[1.50]]`}, {`l.#(x=="y").x`, `"y"`}, {"a.#.b", ``}, {"a.c", ``}, {"l.x", ``}, {"a*.b", `1`},
		{"l.0|@this", `1`}, {"", ``}, {"l.9", ``}, {"l.2.n.x", ``}, {"a.b.c", ``}, {"l.1.{x}", `{"x":"y"}`},
	} {
		q := ParseQuery(tt.path)
		_, found := q.In("")
		assert.False(t, found, "an empty text has no %s", tt.path)
		raw, ok := q.In(doc)
		assert.Equal(t, tt.want, raw, tt.path)
		assert.Equal(t, tt.want != "", ok, tt.path)
	}
}

func TestValid(t *testing.T) {
	for text, want := range map[string]bool{`{}`: true, ` [1e3,"\""] `: true, `7`: true, ``: false, `{"a":1}x`: false, `NaN`: false, `{"a":}`: false,
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth):     true,
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1): false,
		strings.Repeat("[", 10_000_000):                                   false,
		`"` + strings.Repeat("[", MaxDepth+1) + `"`:                       true,
	} {
		assert.Equal(t, want, Valid(text), text[:min(len(text), 20)])
	}
}

func laidOut(json string) string {
	d := NewDocument([]byte(json))
	d.Layout()
	return string(d.Bytes())
}

func TestLayout(t *testing.T) {
	assert.Equal(t, "{\n  \"a\": [1, \"x\", [2]],\n  \"b\": {\n    \"c\": [\n      {}\n    ]\n  }\n}\n", laidOut(`{"a":[1,"x",[2]],"b":{"c":[{}]}}`))
	deep := strings.Repeat(`[{"a":`, 400) + "1" + strings.Repeat("}]", 400)
	assert.Equal(t, deep, laidOut(" "+deep), "indentation would multiply it")
}

func FuzzLayout(f *testing.F) {
	for _, json := range []string{`{"a":[1,2,{"b":"\"{"}],"c":[]}`, `[]`, `"x"`, `[["` + strings.Repeat("y", 80) + `",1],2]`,
		`{"` + strings.Repeat("k", 74) + `":[1,[2,3]],"l":[` + strings.Repeat("1,", 40) + `1]}`, `[1,[1,2,3],"` + strings.Repeat("z", 70) + `"]`} {
		f.Add(json)
	}
	f.Fuzz(func(t *testing.T, json string) {
		if len(json) > 1<<12 || !Valid(json) {
			t.Skip()
		}
		want := string(pretty.Pretty([]byte(json)))
		if got := laidOut(json); got != want && len(want) < 64<<10 {
			t.Fatalf("%q becomes %q, not %q", json, got, want)
		}
	})
}

func FuzzEditADocument(f *testing.F) {
	for _, path := range []string{"a", "a.b", "0.a", "a.-1", "#.a", "a.#.b", ":1", `a\.b`, "a.3", "a*", "a.#(b==1)#.b", "a..b"} {
		f.Add(`{"a":[{"b":1},{"b":2,"b":3}],"a.b":1,"c":null}`, path)
		f.Add(`[{"a":{"b":[]}},1]`, path)
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		if !Valid(text) {
			t.Skip()
		}
		place, query := ParsePlace(path), ParseQuery(path)
		d := NewDocument([]byte(text))
		if err := d.Set(&place, `"new"`); err == nil {
			if !json.Valid(d.Bytes()) {
				t.Fatalf("%q at %q became %q, which is not JSON", text, path, d.Bytes())
			}
			if _, exists := query.In(text); exists && !place.complex && !place.parts[0].force {
				if raw, _ := d.Get(&query); raw != `"new"` && !strings.ContainsAny(path, ":*?|#@!{[-") && !strings.HasPrefix(path, "..") {
					t.Fatalf("%q at %q became %q", text, path, d.Bytes())
				}
			}
		}
		d = NewDocument([]byte(text))
		if err := d.Delete(&place); err == nil && !json.Valid(d.Bytes()) {
			t.Fatalf("%q without %q became %q, which is not JSON", text, path, d.Bytes())
		}
	})
}

// The received text, a document and its layout take three times the size together, garbage included.
func TestMemoryOfEdits(t *testing.T) {
	received := []byte(`{"users":[` + strings.Repeat(`{"age":1,"n":"abcdefgh"},`, 100_000) + `{}]}`)
	places := []Place{ParsePlace("users.#.age"), ParsePlace("x"), ParsePlace("users.7.n"), ParsePlace("y.z")}
	gone := ParsePlace("users.0")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.True(t, Valid(View(received)))
	d := NewDocument(received)
	for i := range places {
		require.NoError(t, d.Set(&places[i], `"20"`))
	}
	require.NoError(t, d.Delete(&gone))
	d.Layout()
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*len(received)+len(received)/10))
	assert.Equal(t, 100_000+3-1, strings.Count(string(d.Bytes()), `"20"`))
}

func FuzzSameName(f *testing.F) {
	for _, quoted := range []string{`"a"`, `"\u0061"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0061"`, `"\"\\\/\b\f\n\r\t"`, `""`, `"é\u00C9"`} {
		f.Add(quoted, "a")
	}
	f.Fuzz(func(t *testing.T, quoted, name string) {
		if !gjson.Valid(quoted) || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
			t.Skip()
		}
		for _, other := range []string{name, unquote(quoted), unquote(quoted) + "x"} {
			if got, want := sameName(quoted, other), unquote(quoted) == other; got != want {
				t.Fatalf("%q is %q: %v, not %v", quoted, other, got, want)
			}
		}
	})
}

func TestNamesAreComparedWithoutGarbage(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(10, func() { sameName(`"\u0061b\n"`, "ab\n") }))
}
