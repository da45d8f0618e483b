package schema

import (
	"strings"
	"testing"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// verdicts are documents that a schema takes, and such that it does not.
type verdicts struct {
	name    string
	draft   Draft
	schema  string
	valid   []string
	invalid []string
}

var keywords = []verdicts{
	{"an empty schema", 7, `{}`, []string{`1`, `{}`, `null`, ` [ ] `}, nil},
	{"true", 7, `true`, []string{`1`}, nil},
	{"false", 6, `false`, nil, []string{`1`, `null`}},
	{"type", 7, `{"type": "object"}`, []string{`{}`}, []string{`[]`, `1`, `"{}"`, `null`, `true`}},
	{"types", 7, `{"type": ["null", "boolean"]}`, []string{`null`, `true`, `false`}, []string{`0`, `""`}},
	{"integers", 7, `{"type": "integer"}`, []string{`1`, `-0`, `1.0`, `1e2`, `100e-2`, `9007199254740993`}, []string{`1.5`, `1e-1`, `"1"`, `true`}},
	{"numbers", 7, `{"type": "number"}`, []string{`1`, `1.5`, `-1e-7`}, []string{`"1"`, `[1]`}},
	{"enum", 7, `{"enum": ["a", 1, [1, {"b": 2}], null, true]}`, []string{`"a"`, `"\u0061"`, `1.0`, `10e-1`, `[1.0, {"b": 2}]`, `null`, `true`},
		[]string{`"A"`, `2`, `[1]`, `[1, {"b": 3}]`, `[1, {"c": 2}]`, `false`, `0`}},
	{"const", 6, `{"const": {"a": [1], "b": 2}}`, []string{`{"b": 2, "a": [1]}`}, []string{`{"a": [1]}`, `{"a": [1], "b": 2, "c": 3}`, `1`}},
	{"const is none in draft 4", 4, `{"const": 1}`, []string{`2`}, nil},
	{"minimum", 7, `{"minimum": -1.5}`, []string{`-1.5`, `0`, `"x"`, `-15e-1`}, []string{`-1.51`, `-2`, `-1e9`}},
	{"maximum, exactly", 7, `{"maximum": 9007199254740992}`, []string{`9007199254740992`, `9007199254740991.9999999`}, []string{`9007199254740993`, `9007199254740992.0000001`, `1e99`}},
	{"exclusive bounds", 7, `{"exclusiveMinimum": 0, "exclusiveMaximum": 10}`, []string{`0.1`, `9.99`}, []string{`0`, `-0`, `10`, `1e1`}},
	{"exclusive bounds of draft 4", 4, `{"minimum": 0, "exclusiveMinimum": true, "maximum": 10, "exclusiveMaximum": true}`, []string{`1`, `9.99`}, []string{`0`, `10`}},
	{"bounds of draft 4 that are not exclusive", 4, `{"minimum": 0, "exclusiveMinimum": false, "maximum": 10}`, []string{`0`, `10`}, []string{`-1`, `11`}},
	{"multipleOf", 7, `{"multipleOf": 0.01}`, []string{`19.99`, `0`, `1e300`, `-3`}, []string{`19.999`, `1e-3`}},
	{"multipleOf with many digits", 7, `{"multipleOf": 123456789012345678}`, []string{`123456789012345678000`, `0`, `-246913578024691356`}, []string{`123456789012345679`, `1`}},
	{"length in characters", 7, `{"minLength": 2, "maxLength": 3}`, []string{`"äöü"`, `"\ud83d\ude00a"`, `"ab"`, `1`}, []string{`"a"`, `"abcd"`, `"\ud83d\ude00"`}},
	{"pattern", 7, `{"pattern": "^[A-Z]{3}-[0-9]{4}$"}`, []string{`"ABC-1234"`, `1`}, []string{`"abc-1234"`, `"ABC-12345"`, `"ABC-1234\n"`}},
	{"a pattern is not anchored", 7, `{"pattern": "b+"}`, []string{`"abc"`}, []string{`"ac"`}},
	{"items", 7, `{"items": {"type": "string"}}`, []string{`[]`, `["a"]`, `{}`}, []string{`[1]`, `["a", null]`}},
	{"items of a tuple", 7, `{"items": [{"type": "string"}, {"type": "integer"}], "additionalItems": {"type": "null"}}`,
		[]string{`[]`, `["a"]`, `["a", 1, null, null]`}, []string{`[1]`, `["a", "b"]`, `["a", 1, 2]`}},
	{"no further items", 4, `{"items": [{}], "additionalItems": false}`, []string{`[1]`, `[]`}, []string{`[1, 2]`}},
	{"additionalItems without a tuple", 7, `{"additionalItems": false}`, []string{`[1, 2]`}, nil},
	{"number of items", 7, `{"minItems": 1, "maxItems": 2}`, []string{`[1]`, `[1, 2]`, `"x"`}, []string{`[]`, `[1, 2, 3]`}},
	{"unique items", 7, `{"uniqueItems": true}`, []string{`[1, "1", true, null, [1], {"a": 1}]`, `[]`, `[[1, 2], [2, 1]]`, `[0, false]`},
		[]string{`[1, 1.0]`, `[{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]`, `["a", "\u0061"]`, `[null, null]`, `[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,1e0]`}},
	{"uniqueItems false", 7, `{"uniqueItems": false}`, []string{`[1, 1]`}, nil},
	{"contains", 6, `{"contains": {"minimum": 5}}`, []string{`[1, 5]`, `{}`}, []string{`[1, 4]`, `[]`}},
	{"members", 7, `{"properties": {"a": {"type": "integer"}, "b": true, "c": false}, "required": ["a"]}`,
		[]string{`{"a": 1}`, `{"a": 1, "b": [], "d": 0}`, `[]`}, []string{`{}`, `{"a": "x"}`, `{"a": 1, "c": 1}`, `{"b": 1}`}},
	{"names with escapes", 7, `{"properties": {"ä/~": {"type": "null"}}, "required": ["ä/~"]}`, []string{`{"\u00e4\/~": null}`}, []string{`{"ä/~": 1}`, `{"a": null}`}},
	{"no further members", 7, `{"properties": {"a": {}}, "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": false}`,
		[]string{`{"a": 1, "x-b": "c"}`}, []string{`{"b": 1}`, `{"x-b": 1}`, `{"ax-": "c"}`}},
	{"further members", 7, `{"properties": {"a": {}}, "additionalProperties": {"type": "string"}}`, []string{`{"a": 1, "b": "c"}`}, []string{`{"b": 1}`}},
	{"number of members", 7, `{"minProperties": 1, "maxProperties": 2}`, []string{`{"a": 1}`, `[]`}, []string{`{}`, `{"a": 1, "b": 2, "c": 3}`}},
	{"names of members", 6, `{"propertyNames": {"maxLength": 2}}`, []string{`{"ab": 1}`}, []string{`{"abc": 1}`}},
	{"dependencies", 7, `{"dependencies": {"a": ["b", "c"], "d": {"required": ["e"]}}}`, []string{`{}`, `{"a": 1, "b": 2, "c": 3}`, `{"d": 1, "e": 2}`, `{"b": 1}`},
		[]string{`{"a": 1}`, `{"a": 1, "b": 2}`, `{"d": 1}`}},
	{"allOf", 7, `{"allOf": [{"minimum": 1}, {"maximum": 5}]}`, []string{`1`, `5`}, []string{`0`, `6`}},
	{"anyOf", 7, `{"anyOf": [{"type": "string"}, {"minimum": 5}]}`, []string{`"a"`, `5`, `null`}, []string{`4`}},
	{"oneOf", 7, `{"oneOf": [{"minimum": 5}, {"multipleOf": 2}]}`, []string{`5`, `2`}, []string{`6`, `1`, `"both"`}},
	{"not", 7, `{"not": {"required": ["a"]}}`, []string{`{}`}, []string{`{"a": 1}`, `1`}},
	{"if, then, else", 7, `{"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}`,
		[]string{`{"a": 1, "b": 2}`, `{"a": 2, "c": 3}`}, []string{`{"a": 1, "c": 3}`, `{}`}},
	{"if alone", 7, `{"if": false}`, []string{`1`}, nil},
	{"if is none in draft 6", 6, `{"if": true, "then": false}`, []string{`1`}, nil},
	{"base64", 7, `{"contentEncoding": "base64"}`, []string{`"YQ=="`, `1`, `""`}, []string{`"YQ"`, `"?"`}},
	{"JSON in base64", 7, `{"contentEncoding": "base64", "contentMediaType": "application/json"}`, []string{`"e30="`}, []string{`"YQ=="`, `"{}"`}},
	{"other contents", 7, `{"contentEncoding": "quoted-printable", "contentMediaType": "text/html"}`, []string{`"="`}, nil},
	{"content is none in draft 6", 6, `{"contentEncoding": "base64"}`, []string{`"?"`}, nil},
	{"a reference", 7, `{"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n"}}}`, []string{`{"a": 1}`}, []string{`{"a": "x"}`}},
	{"a reference hides what is beside it", 7, `{"$ref": "#/definitions/n", "definitions": {"n": {}}, "type": "string"}`, []string{`1`}, nil},
	{"a schema in itself", 7, `{"properties": {"child": {"$ref": "#"}}, "additionalProperties": false}`, []string{`{"child": {"child": {}}}`}, []string{`{"child": {"x": 1}}`}},
	{"a pointer with escapes", 7, `{"definitions": {"a/b~c%d é": {"type": "null"}}, "items": {"$ref": "#/definitions/a~1b~0c%25d%20%C3%A9"}}`, []string{`[null]`}, []string{`[1]`}},
	{"a pointer into a list", 7, `{"items": [{"type": "null"}, {"$ref": "#/items/0"}]}`, []string{`[null, null]`}, []string{`[null, 1]`}},
	{"a name", 7, `{"definitions": {"x": {"$id": "#n", "type": "null"}}, "items": {"$ref": "#n"}}`, []string{`[null]`}, []string{`[1]`}},
	{"a URI", 7, `{"$id": "http://a.test/root.json", "definitions": {"x": {"$id": "sub/x.json", "type": "null", "definitions": {"y": {"type": "string"}}}},
		"items": [{"$ref": "http://a.test/sub/x.json"}, {"$ref": "sub/x.json#/definitions/y"}, {"$ref": "#/definitions/x"}, {"$ref": "root.json#/definitions/x"}]}`,
		[]string{`[null, "", null, null]`}, []string{`[1]`, `[null, null]`, `[null, "", 1]`, `[null, "", null, 1]`}},
	{"references relative to an inner name", 7, `{"$id": "http://a.test/", "definitions": {"x": {"$id": "x/", "items": {"$ref": "y"}}, "y": {"$id": "x/y", "type": "null"}}, "$comment": "", "properties": {"p": {"$ref": "x/"}}}`,
		[]string{`{"p": [null]}`}, []string{`{"p": [1]}`}},
	{"a name of draft 4", 4, `{"id": "http://a.test/", "definitions": {"x": {"id": "#n", "type": "null"}}, "items": {"$ref": "http://a.test/#n"}}`, []string{`[null]`}, []string{`[1]`}},
	{"$schema wins", 7, `{"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 10, "exclusiveMaximum": true}`, []string{`9`}, []string{`10`}},
	{"draft 6 by its name", 4, `{"$schema": "http://json-schema.org/draft-06/schema", "exclusiveMaximum": 10}`, []string{`9`}, []string{`10`}},
	{"unknown keywords and formats", 7, `{"nullable": 3, "format": "colour", "x-y": {}}`, []string{`"x"`, `1`}, nil},
}

// formatted are values of formats; the formats' old names are unknown to the reference.
var formatted = []verdicts{
	{"date-time", 7, "", []string{"2026-02-03T04:05:06Z", "2026-02-03T04:05:06.789+01:00"}, []string{"2026-02-03", "2026-02-30T04:05:06Z", "2026-02-03 04:05:06Z", "2026-02-03T04:05:06", "2026-02-03T04:05:06,7Z"}},
	{"date", 7, "", []string{"2024-02-29"}, []string{"2026-02-29", "2026-2-3", "x"}},
	{"time", 7, "", []string{"04:05:06Z", "04:05:06.7+01:00"}, []string{"24:00:00Z", "04:05Z", "x"}},
	{"hostname", 7, "", []string{"a.example", "A-1.example.", "localhost"}, []string{"-a.example", "a..b", "a_b", "", strings.Repeat("a", 64)}},
	{"email", 7, "", []string{"a@b.example", "a.b+c@d.example", `"a b"@c.example`, "a@[127.0.0.1]", "a@[IPv6:::1]"}, []string{"a", "@b.example", "a@", ".a@b.example", "a..b@c.example", "a b@c.example", "a@b c", "<a@b.example>"}},
	{"ipv4", 7, "", []string{"127.0.0.1"}, []string{"256.0.0.1", "1.2.3", "01.2.3.4", "::1"}},
	{"ipv6", 7, "", []string{"::1", "2001:db8::7", "::ffff:10.0.0.1"}, []string{"127.0.0.1", "::1%eth0", ":::"}},
	{"uri", 7, "", []string{"http://a.test/b?c#d", "urn:a:b"}, []string{"/a", "", `http:\\a`, "http://a b/"}},
	{"uri-reference", 7, "", []string{"/a", "", "#b", "//a/b"}, []string{`\\a`, ":"}},
	{"iri", 7, "", []string{"http://ä.test/ö"}, []string{"/ä"}},
	{"iri-reference", 7, "", []string{"/ä"}, []string{`\\ä`}},
	{"uri-template", 7, "", []string{"/a/{b}", "http://a.test/{?c*}", "/a"}, []string{"/a/{b", "/a/b}", "/{a{b}}"}},
	{"regex", 7, "", []string{"^a+$", ""}, []string{"(", "a{2,1}", "["}},
	{"json-pointer", 7, "", []string{"", "/a", "/a~0b/~1"}, []string{"a", "/~", "/~2", "#/a"}},
	{"relative-json-pointer", 7, "", []string{"0", "1/a", "2#"}, []string{"", "/a", "01/a", "-1", "1a"}},
}

func TestKeywords(t *testing.T) {
	for _, tt := range keywords {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Compile(tt.schema, tt.draft)
			require.NoError(t, err)
			tt.check(t, func(document string) bool {
				d, err := Parse(document)
				require.NoError(t, err)
				return s.Check(d) == nil
			})
		})
	}
}

// The same verdicts are those of a library that passes the official suite of tests.
func TestTheReferenceAgrees(t *testing.T) {
	for _, tt := range keywords {
		t.Run(tt.name, func(t *testing.T) {
			s, err := compileReference(tt.schema, tt.draft)
			require.NoError(t, err)
			tt.check(t, func(document string) bool { return checkReference(t, s, document) })
		})
	}
}

func (v verdicts) check(t *testing.T, isValid func(string) bool) {
	for _, document := range v.valid {
		assert.True(t, isValid(document), document)
	}
	for _, document := range v.invalid {
		assert.False(t, isValid(document), document)
	}
}

func compileReference(schema string, draft Draft) (*santhosh.Schema, error) {
	drafts := map[Draft]*santhosh.Draft{4: santhosh.Draft4, 6: santhosh.Draft6, 7: santhosh.Draft7}
	c := santhosh.NewCompiler()
	c.DefaultDraft(drafts[draft])
	c.AssertFormat()
	if draft == Draft7 {
		c.AssertContent()
	}
	c.UseLoader(santhosh.SchemeURLLoader{})
	value, err := santhosh.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return nil, err
	}
	if err := c.AddResource("http://reference.test/schema.json", value); err != nil {
		return nil, err
	}
	return c.Compile("http://reference.test/schema.json")
}

func checkReference(t *testing.T, s *santhosh.Schema, document string) bool {
	value, err := santhosh.UnmarshalJSON(strings.NewReader(document))
	require.NoError(t, err)
	return s.Validate(value) == nil
}

func TestFormats(t *testing.T) {
	for _, tt := range formatted {
		t.Run(tt.name, func(t *testing.T) {
			tt.check(t, formats[tt.name])
			assert.True(t, isFormat(tt.name))
			s, err := Compile(`{"format": "`+tt.name+`"}`, 7)
			require.NoError(t, err)
			d, err := Parse("1")
			require.NoError(t, err)
			assert.NoError(t, s.Check(d), "formats concern strings alone")
		})
	}
	assert.True(t, formats["ip-address"]("127.0.0.1"))
	assert.True(t, formats["uriref"]("/a"))
	assert.True(t, formats["format"]("date"))
	assert.False(t, formats["format"]("colour"))
	assert.False(t, formats["regex"](strings.Repeat("a", 1001)))
}

func TestSchemasThatDoNotCompile(t *testing.T) {
	tests := []struct {
		schema string
		draft  Draft
		want   string
	}{
		{`{`, 7, "is not JSON: it ends too early"},
		{`{"a": 1, "a": 1}`, 7, "has an object in which a name comes twice"},
		{`[]`, 7, "must be an object, true or false"},
		{`true`, 4, "must be an object"},
		{`{"type": 5}`, 7, "/type: must be null, boolean, number, integer, string, array or object, or a list of these"},
		{`{"type": "int"}`, 7, "/type: must be null, boolean, number, integer, string, array or object, or a list of these"},
		{`{"type": []}`, 7, "/type: must not be empty"},
		{`{"properties": {"a/b": {"type": ["string", 1]}}}`, 7, "/properties/a~1b/type: must be null, boolean, number, integer, string, array or object, or a list of these"},
		{`{"maximum": 10, "exclusiveMaximum": true}`, 7, "/exclusiveMaximum: must be a number"},
		{`{"exclusiveMaximum": 10}`, 4, "/exclusiveMaximum: must be true or false"},
		{`{"exclusiveMaximum": true}`, 4, "/exclusiveMaximum: needs maximum"},
		{`{"minimum": "1"}`, 7, "/minimum: must be a number"},
		{`{"multipleOf": 0}`, 7, "/multipleOf: must be more than 0"},
		{`{"multipleOf": 1234567890123456789}`, 7, "/multipleOf: must have no more than 18 digits"},
		{`{"minLength": -1}`, 7, "/minLength: must be a whole number from 0 to 4294967295"},
		{`{"maxItems": 1.5}`, 7, "/maxItems: must be a whole number from 0 to 4294967295"},
		{`{"maxItems": 1e999999999}`, 7, "/maxItems: must be a whole number from 0 to 4294967295"},
		{`{"maxProperties": "1"}`, 7, "/maxProperties: must be a whole number from 0 to 4294967295"},
		{`{"pattern": "("}`, 7, "/pattern: error parsing regexp: missing closing ): `(`"},
		{`{"pattern": "(?=a)"}`, 7, "/pattern: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		{`{"patternProperties": {"[": {}}}`, 7, "/patternProperties/[: error parsing regexp: missing closing ]: `[`"},
		{`{"format": 1}`, 7, "/format: must be a string"},
		{`{"enum": "a"}`, 7, "/enum: must be a list"},
		{`{"items": 1}`, 7, "/items: must be an object, true or false"},
		{`{"items": [1]}`, 7, "/items/0: must be an object, true or false"},
		{`{"uniqueItems": 1}`, 7, "/uniqueItems: must be true or false"},
		{`{"properties": []}`, 7, "/properties: must be an object"},
		{`{"required": "a"}`, 7, "/required: must be a list of strings"},
		{`{"required": ["a", "a"]}`, 7, "/required: must not name a member twice"},
		{`{"dependencies": {"a": [1]}}`, 7, "/dependencies/a: must be a list of strings"},
		{`{"dependencies": {"a": 1}}`, 7, "/dependencies/a: must be an object, true or false"},
		{`{"allOf": []}`, 7, "/allOf: must not be empty"},
		{`{"anyOf": {}}`, 7, "/anyOf: must be a list of schemas"},
		{`{"not": 1}`, 4, "/not: must be an object"},
		{`{"if": 1}`, 7, "/if: must be an object, true or false"},
		{`{"contentEncoding": 1}`, 7, "/contentEncoding: must be a string"},
		{`{"$schema": 7}`, 7, "/$schema: must be a string"},
		{`{"$schema": "https://json-schema.org/draft/2020-12/schema"}`, 7, `/$schema: must be draft 4, 6 or 7 of JSON Schema, not "https://json-schema.org/draft/2020-12/schema"`},
		{`{"$ref": 1}`, 7, "/$ref: must be a string"},
		{`{"$ref": "#/definitions/x"}`, 7, `/$ref: "#/definitions/x" leads nowhere`},
		{`{"$ref": "#x"}`, 7, `/$ref: "#x" leads nowhere`},
		{`{"items": {"$ref": "#/%zz"}}`, 7, `/items/$ref: "#/%zz" leads nowhere`},
		{`{"items": {"$ref": "http://a.test/b.json"}}`, 7, `/items/$ref: "http://a.test/b.json" is not in this schema, and others are not fetched`},
		{`{"items": {"$ref": "file:///etc/passwd"}}`, 7, `/items/$ref: "file:///etc/passwd" is not in this schema, and others are not fetched`},
		{`{"items": {"$ref": "http://[x"}}`, 7, "/items/$ref: must be a URI reference"},
		{`{"$id": "http://[x"}`, 7, "/$id: must be a URI reference"},
		{`{"x": 1, "items": {"$ref": "#/x"}}`, 7, "/x: must be an object, true or false"},
		{`{"$ref": "#"}`, 7, "refers to itself"},
		{`{"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"allOf": [{"$ref": "#/definitions/a"}]}}}`, 7, "/definitions/a: refers to itself"},
		{`{"dependencies": {"a": {"not": {"$ref": "#"}}}}`, 7, "refers to itself"},
	}
	for _, tt := range tests {
		t.Run(tt.schema, func(t *testing.T) {
			s, err := Compile(tt.schema, tt.draft)
			assert.EqualError(t, err, tt.want)
			assert.True(t, s == nil || err != nil)
		})
	}
}

func TestViolationsSayWhere(t *testing.T) {
	const orders = `{"type": "object", "required": ["sku"], "additionalProperties": false, "properties": {
		"sku": {"type": "string"}, "list": {"items": {"properties": {"n": {"maximum": 5}}}}, "any": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}}}`
	s, err := Compile(orders, 7)
	require.NoError(t, err)
	for document, want := range map[string]string{
		`[]`:                                     "type",
		`{}`:                                     "/sku: required",
		`{"sku": 1}`:                             "/sku: type",
		`{"sku": "", "list": [{}, {"n": 6}]}`:    "/list/1/n: maximum",
		`{"sku": "", "any": 1}`:                  "/any: anyOf",
		`{"sku": "", "a/b\n\u0000": 1}`:          `/a~1b\n\x00: additionalProperties`,
		`{"` + strings.Repeat("x", 200) + `":1}`: "/" + strings.Repeat("x", 99) + "…: additionalProperties",
	} {
		d, err := Parse(document)
		require.NoError(t, err)
		assert.EqualError(t, s.Check(d), want, document)
	}
}

func TestRecords(t *testing.T) {
	s, err := Compile(`{"required": ["a"], "properties": {"a": {"enum": ["1", "2"]}, "b": {"pattern": "^x"}}}`, 7)
	require.NoError(t, err)
	tests := []struct {
		pairs [][2]string
		want  string
	}{
		{[][2]string{{"a", "1"}}, ""},
		{[][2]string{{"a", "1"}, {"b", "xy"}, {"c", "\\u0000\xff\""}}, ""},
		{[][2]string{{"a", "1"}, {"a", "2"}, {"a", "1"}}, ""},
		{[][2]string{{"b", "x"}}, "/a: required"},
		{nil, "/a: required"},
		{[][2]string{{"a", "3"}}, "/a: enum"},
		{[][2]string{{"a", "3"}, {"a", "1"}}, "/a: enum"},
		{[][2]string{{"a", "1"}, {"a", "3"}}, "/a: enum"},
		{[][2]string{{"a", "1"}, {"b", "x"}, {"b", "y"}, {"b", "x"}}, "/b: pattern"},
	}
	for _, tt := range tests {
		err := s.CheckRecord(NewRecord(tt.pairs))
		if tt.want == "" {
			assert.NoError(t, err, tt.pairs)
			continue
		}
		assert.EqualError(t, err, tt.want, tt.pairs)
	}
}
