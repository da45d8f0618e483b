package schema

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextsThatAreNoDocuments(t *testing.T) {
	for source, want := range map[string]string{
		``:                        "is not JSON: it ends too early",
		` `:                       "is not JSON: it ends too early",
		`{"a":`:                   "is not JSON: it ends too early",
		`"a`:                      "is not JSON: it ends too early",
		`tru`:                     "is not JSON: byte 0",
		`01`:                      "is not JSON: byte 1",
		`1.`:                      "is not JSON: it ends too early",
		`.5`:                      "is not JSON: byte 0",
		`+1`:                      "is not JSON: byte 0",
		`1e`:                      "is not JSON: it ends too early",
		`NaN`:                     "is not JSON: byte 0",
		`[1,]`:                    "is not JSON: byte 3",
		`{"a":1,}`:                "is not JSON: byte 7",
		`{a:1}`:                   "is not JSON: byte 1",
		`{"a" 1}`:                 "is not JSON: byte 5",
		`1 2`:                     "is not JSON: byte 2",
		"\"\n\"":                  "is not JSON: byte 1",
		`"\x"`:                    "is not JSON: byte 2",
		`"\u00g0"`:                "is not JSON: byte 2",
		"{}\x00":                  "is not JSON: byte 2",
		"\ufeff{}":                "is not JSON: byte 0",
		"\"\xff\"":                "is not UTF-8",
		`{"a":1,"a":1}`:           "has an object in which a name comes twice",
		`[{"a":1,"\u0061":2}]`:    "has an object in which a name comes twice",
		`{"\ud800":1,"\udfff":2}`: "has an object in which a name comes twice",
		`{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"3":1}`: "has an object in which a name comes twice",
	} {
		_, err := Parse(source)
		assert.EqualError(t, err, want, source)
	}
}

func TestDepth(t *testing.T) {
	for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
		nested := func(n int) string { return strings.Repeat(pair[0], n) + "1" + strings.Repeat(pair[1], n) }
		_, err := Parse(nested(maxDepth))
		assert.NoError(t, err)
		_, err = Parse(nested(maxDepth + 1))
		assert.EqualError(t, err, "is nested too deeply")
		_, err = Parse(strings.Repeat(pair[0], 1<<20))
		assert.EqualError(t, err, "is nested too deeply")
	}
}

// Each of these costs more than linear time where nobody thought of it. The time is that of a slow machine under the race
// detector, many times what is needed; the tests would run for hours.
func TestNothingTakesLong(t *testing.T) {
	recursive := `{"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["c"]}]}`
	split := func() string { // items whose naive digests are equal
		var out strings.Builder
		for i := range 1 << 14 {
			out.WriteString(`,["`)
			for bit := range 14 {
				out.WriteByte('a')
				if i>>bit&1 == 1 {
					out.WriteString(`","`)
				} else {
					out.WriteString(`\u0004`)
				}
			}
			out.WriteString(`"]`)
		}
		return "[" + out.String()[1:] + "]"
	}
	tests := []struct{ name, schema, document, want string }{
		{"huge exponents", `{"items": {"type": "integer", "minimum": -1e400, "multipleOf": 3}}`, "[" + strings.Repeat("3e1000000000,", 20_000) + "3]", ""},
		{"a number of a million digits", `{"multipleOf": 7, "maximum": 5}`, strings.Repeat("7", 1<<20), "maximum"},
		{"its remainder", `{"multipleOf": 7}`, strings.Repeat("7", 1<<20), ""},
		{"a tiny number", `{"multipleOf": 7}`, "1e-999999999999999999999", "multipleOf"},
		{"unique items made to collide", `{"uniqueItems": true}`, split(), ""},
		{"half a million wrong items", `{"items": {"type": "string"}}`, "[" + strings.Repeat("1,", 500_000) + "1]", "/0: type"},
		{"a pattern that backtracks elsewhere", `{"pattern": "^(a+)+$"}`, `"` + strings.Repeat("a", 100_000) + `b"`, "pattern"},
		{"a schema that doubles the work at each level", recursive, strings.Repeat(`{"a":`, 200) + "{}" + strings.Repeat("}", 200), "validation takes too many steps"},
		{"not, without steps", `{"not": {"$ref": "#/definitions/r"}, "definitions": {"r": ` + strings.ReplaceAll(recursive, `"#"`, `"#/definitions/r"`) + `}}`,
			strings.Repeat(`{"a":`, 200) + "{}" + strings.Repeat("}", 200), "validation takes too many steps"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Compile(tt.schema, 7)
			require.NoError(t, err)
			start := time.Now()
			d, err := Parse(tt.document)
			require.NoError(t, err)
			err = s.Check(d)
			assert.Less(t, time.Since(start), 20*time.Second)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, tt.want)
		})
	}
}

func TestALargeValidDocumentHasEnoughSteps(t *testing.T) {
	s, err := Compile(`{"items": {"allOf": [{"type": "object", "required": ["sku"], "properties": {"sku": {"pattern": "^[a-z]+$"}, "qty": {"oneOf": [{"type": "null"}, {"type": "integer"}]}}}, {"not": {"required": ["x"]}}]}, "uniqueItems": false}`, 7)
	require.NoError(t, err)
	d, err := Parse("[" + strings.Repeat(`{"sku":"abcdefgh","qty":1},`, 50_000) + `{"sku":"a"}]`)
	require.NoError(t, err)
	assert.NoError(t, s.Check(d))
}

func FuzzParse(f *testing.F) {
	for _, source := range []string{`{"a": [1, -0.5e+3, "\ud83d\ude00\u00e4\n", true, false, null]}`, `[[[]]]`, `{"a":1,"a":2}`, "\"\xff\"", `1e5 `, `{"":{}}`} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		d, err := Parse(source)
		if err == nil && !json.Valid([]byte(source)) {
			t.Fatal("is taken for JSON")
		}
		if err == nil {
			if s := (&Schema{uniqueItems: true}); s.Check(d) != nil && d.nodes[root].kind != array {
				t.Fatal("is invalid")
			}
			if !equal(d, root, d, root) || d.digest(root) != d.digest(root) {
				t.Fatal("is not equal to itself")
			}
			return
		}
		if json.Valid([]byte(source)) && utf8.ValidString(source) && err != errRepeated && err != errTooDeep {
			t.Fatal(err)
		}
	})
}

// The verdict is the reference's.
func FuzzCheck(f *testing.F) {
	for _, tt := range keywords {
		for _, document := range append(append([]string{}, tt.valid...), tt.invalid...) {
			f.Add(tt.schema, document, int(tt.draft))
		}
	}
	f.Fuzz(func(t *testing.T, schema, document string, draft int) {
		if draft != 4 && draft != 6 && draft != 7 || strings.ContainsAny(schema, "$\\") || strings.Contains(schema, "format") ||
			strings.Contains(schema, "content") || strings.ContainsAny(schema, "eE") && strings.Contains(strings.ToLower(document), "e") {
			return // the reference computes powers of ten, and knows other formats
		}
		mine, err := Compile(schema, Draft(draft))
		if err != nil {
			return
		}
		d, err := Parse(document)
		if err != nil {
			return
		}
		theirs, err := compileReference(schema, Draft(draft))
		if err != nil {
			return
		}
		if valid := mine.Check(d) == nil; valid != checkReference(t, theirs, document) {
			t.Fatalf("valid: %v", valid)
		}
	})
}
