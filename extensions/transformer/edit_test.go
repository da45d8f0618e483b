package main

import (
	"encoding/json"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// edited applies the body items of rules to JSON, without a host.
func edited(t testing.TB, rules, body string) ([]byte, error) {
	t.Helper()
	var config Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(`{"reqRules": [`+rules+`]}`)), &config))
	e := &exchange{direction: config.request, bodyItems: config.request.body, host: "foo.test", path: "/", received: "/",
		headers: fields{"x-t": {"a\"b", "c"}}, body: &readable{json: body}}
	return e.editJSON([]byte(body))
}

func TestJSONOperations(t *testing.T) {
	for _, tt := range []struct{ name, rules, body, want string }{
		{"replace in each", `{"operate": "replace", "body": [{"key": "users.#.age", "newValue": "20"}]}`, `{"users":[{"age":1},{"n":2}]}`, `{"users":[{"age":"20"},{"n":2}]}`},
		{"as a number", `{"operate": "replace", "body": [{"key": "users.#.age", "newValue": "20", "value_type": "NUMBER"}]}`, `{"users":[{"age":1},{"n":2}]}`, `{"users":[{"age":20},{"n":2}]}`},
		{"a map sees what came first", `{"operate": "replace", "body": [{"key": "a", "newValue": "new"}]}, {"operate": "map", "body": [{"fromKey": "a", "toKey": "b"}]}`, `{"a":"old"}`, `{"a":"new","b":"old"}`},
		{"and what was added", `{"operate": "add", "body": [{"key": "a", "value": "1"}]}, {"operate": "append", "body": [{"key": "a", "appendValue": "2"}]}, {"operate": "map", "body": [{"fromKey": "a", "toKey": "b"}]}, {"operate": "dedupe", "body": [{"key": "b", "strategy": "RETAIN_LAST"}]}`, `{}`, `{"a":["1","2"],"b":"2"}`},
		{"rename overwrites", `{"operate": "rename", "body": [{"oldKey": "a", "newKey": "b"}]}`, `{"a":[1],"b":{"c":2}}`, `{"b":[1]}`},
		{"rename of nothing", `{"operate": "rename", "body": [{"oldKey": "x", "newKey": "b"}]}`, `{"b":1}`, `{"b":1}`},
		{"rename null", `{"operate": "rename", "body": [{"oldKey": "a", "newKey": "b"}]}`, `{"a":null}`, `{"b":null}`},
		{"rename onto itself", `{"operate": "rename", "body": [{"oldKey": "a", "newKey": "a"}]}`, `{"a":1}`, `{"a":1}`},
		{"remove what is not there", `{"operate": "remove", "body": [{"key": "x.y"}]}`, `{"a":1}`, `{"a":1}`},
		{"remove repeated members", `{"operate": "remove", "body": [{"key": "a"}]}`, `{"a":1,"b":2,"a":3}`, `{"b":2}`},
		{"append in each", `{"operate": "append", "body": [{"key": "u.#.t", "appendValue": "x"}]}`, `{"u":[{"t":[1]},{"t":2}]}`, `{"u":[{"t":[[1],2,"x"]},{"t":[[1],2,"x"]}]}`},
		{"append to an object", `{"operate": "append", "body": [{"key": "a", "appendValue": "x"}]}`, `{"a":{}}`, `{"a":[{},"x"]}`},
		{"append to repeated members", `{"operate": "append", "body": [{"key": "a", "appendValue": "x"}]}`, `{"a":"y","a":[1]}`, `{"a":[1,"x"]}`},
		{"add where null is", `{"operate": "add", "body": [{"key": "a", "value": "x"}]}`, `{"a":null}`, `{"a":null}`},
		{"map several values", `{"operate": "map", "mapSource": "headers", "body": [{"fromKey": "X-T", "toKey": "t"}, {"fromKey": "x-t", "toKey": "s", "single": true}, {"fromKey": "none", "toKey": "n"}]}`, `{}`, `{"t":["a\"b","c"],"s":"a\"b"}`},
		{"map with its type", `{"operate": "map", "body": [{"fromKey": "a", "toKey": "b"}, {"fromKey": "n", "toKey": "m"}]}`, `{"a":{"x":1.0},"n":null}`, `{"a":{"x":1.0},"n":null,"b":{"x":1.0},"m":null}`},
		{"dedupe null", `{"operate": "dedupe", "body": [{"key": "a"}]}`, `{"a":[null]}`, `{"a":[null]}`},
		{"dedupe something else", `{"operate": "dedupe", "body": [{"key": "a"}, {"key": "b"}, {"key": "c"}]}`, `{"a":"x,y","b":1}`, `{"a":"x,y","b":1}`},
		{"unique text forms", `{"operate": "dedupe", "body": [{"key": "a", "strategy": "retain_unique"}]}`, `{"a":[1,"1",{"b":1},{"b":1},"\u0031"]}`, `{"a":[1,{"b":1}]}`},
		{"split the first element", `{"operate": "dedupe", "body": [{"key": "a", "strategy": "SPLIT_AND_RETAIN_LAST"}]}`, `{"a":[12,"x"]}`, `{"a":"12"}`},
		{"numbers that JSON has not", `{"operate": "add", "body": [{"key": "a", "value": "0x1p4", "value_type": "number"}, {"key": "b", "value": "1e3", "value_type": "number"}, {"key": "c", "value": ".5", "value_type": "number"}]}`, `{}`, `{"a":16,"b":1e3,"c":0.5}`},
		{"objects", `{"operate": "add", "body": [{"key": "a", "value": " [1, {\"b\":null}] ", "value_type": "object"}]}`, `{}`, `{"a":[1,{"b":null}]}`},
		{"quotes in values", `{"operate": "add", "body": [{"key": "a\"b", "value": "\"\\\n"}]}`, `{}`, `{"a\"b":"\"\\\n"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edited(t, tt.rules, tt.body)
			require.NoError(t, err)
			assert.Equal(t, tt.want, gjson.GetBytes(got, "@ugly").Raw)
		})
	}
}

func TestJSONOperationsThatCannotBeDone(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		plugintest.Start(t, `{"reqRules": []}`) // takes the warnings
		for _, tt := range []struct{ rules, body, want string }{
			{`{"operate": "remove", "body": [{"key": "a.#.b"}]}`, `{"a":[]}`, "failed to remove: cannot delete value from a complex path"},
			{`{"operate": "remove", "body": [{}]}`, `{}`, "failed to remove: path cannot be empty"},
			{`{"operate": "add", "body": [{"key": "a", "value": "1"}, {"key": "a.b", "value": "1"}, {"key": "l.x", "value": "1"}]}`, `{"l":[]}`, "failed to add: cannot set array element for non-numeric key 'x'"},
			{`{"operate": "append", "body": [{"key": "a", "appendValue": "Infinity", "value_type": "number"}]}`, `{}`, "failed to append: the value is no number"},
			{`{"operate": "replace", "body": [{"key": "a", "newValue": "yes", "value_type": "boolean"}]}`, `{}`, "failed to replace: the value is no boolean"},
			{`{"operate": "replace", "body": [{"key": "a", "newValue": "{", "value_type": "object"}]}`, `{}`, "failed to replace: the value is no JSON"},
			{`{"operate": "dedupe", "body": [{"key": "a", "strategy": "RETAIN_UNIQUE"}]}`, `{"a":[` + numbers(maxUnique+1) + `]}`, "failed to dedupe: the list has more than 50000 different elements"},
		} {
			_, err := edited(t, tt.rules, tt.body)
			assert.EqualError(t, err, tt.want)
		}
	})
}

func numbers(n int) string {
	var list strings.Builder
	for i := range n {
		if i > 0 {
			list.WriteByte(',')
		}
		list.WriteString(strconv.Itoa(i))
	}
	return list.String()
}

// The received body, the edited one and everything on the way take three times the body's size, garbage included.
func TestMemory(t *testing.T) {
	long := strings.Repeat(`{"n":1,"text":"abcdefgh"},`, 50_000) + "{}"
	for _, tt := range []struct{ name, rules, body string }{
		{"many edits", `{"operate": "replace", "body": [{"key": "users.#.n", "newValue": "20", "value_type": "number"}]}, {"operate": "add", "body": [{"key": "x", "value": "1"}]}, {"operate": "append", "body": [{"key": "users", "appendValue": "1"}, {"key": "users.0.text", "appendValue": "1"}]}, {"operate": "remove", "body": [{"key": "users.1"}, {"key": "users.-1"}]}`, `{"users":[` + long + `]}`},
		{"a long value gets another name", `{"operate": "rename", "body": [{"oldKey": "users", "newKey": "a.b"}]}`, `{"users":[` + long + `]}`},
		{"a long value is taken out of a list", `{"operate": "dedupe", "body": [{"key": "a"}]}`, `{"a":[[` + long + `]]}`},
		{"a map beside a long value", `{"operate": "map", "body": [{"fromKey": "id", "toKey": "no"}]}`, `{"id":7,"users":[` + long + `]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := edited(t, tt.rules, tt.body)
			runtime.ReadMemStats(&after)
			require.NoError(t, err)
			// edited copies the body once, as the host does.
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*len(tt.body)+len(tt.body)/10))
		})
	}
}

func FuzzQuery(f *testing.F) {
	for _, path := range []string{"/x?b=1&a=0&c=z%20y", "/?a;b&%zz&=&&", "/#a?b", "/%zz?a=1", "?", "//a//?x=%00#y?z"} {
		f.Add(path, "a", "v w")
	}
	f.Fuzz(func(t *testing.T, path, name, value string) {
		bare, _, _ := strings.Cut(path, "#")
		_, text, _ := strings.Cut(bare, "?")
		want, _ := url.ParseQuery(text) // what is malformed is left out
		query := parseQuery(path)
		assert.Equal(t, fields(want), query)
		query[name] = []string{value}
		again := withQuery(path, query)
		assert.Equal(t, query, parseQuery(again))
		assert.Equal(t, again, withQuery(again, parseQuery(again)))
	})
}

func FuzzJSONEdits(f *testing.F) {
	for _, body := range []string{`{"a":[1,"1",{"b":2}],"c":"x,y"}`, `[]`, `{"a":{"a":1,"a":2}}`, `7`, `{"a":"","c":null}`} {
		f.Add(body, "a", "c")
		f.Add(body, "a.-1", "a.b")
		f.Add(body, "a.#.b", ":1")
	}
	f.Fuzz(func(t *testing.T, body, key, to string) {
		if len(body) > 1<<12 || !gjson.Valid(body) {
			t.Skip()
		}
		for _, op := range []string{opRemove, opRename, opReplace, opAdd, opAppend, opMap, opDedupe} {
			for _, strategy := range []string{"RETAIN_UNIQUE", "SPLIT_AND_RETAIN_LAST"} {
				item, err := json.Marshal(map[string]string{"key": key, "oldKey": key, "fromKey": key, "newKey": to, "toKey": to,
					"value": to, "newValue": to, "appendValue": to, "strategy": strategy})
				require.NoError(t, err)
				out, err := edited(t, `{"operate": "`+op+`", "body": [`+string(item)+`]}`, body)
				if err == nil && !json.Valid(out) {
					t.Fatalf("%s %q to %q in %q gives %q", op, key, to, body, out)
				}
			}
		}
	})
}

// A form comes out as its fields would if they were kept in a map.
func FuzzForms(f *testing.F) {
	f.Add("a=1&b=2&a=%33", "a", "b", "x&y=z")
	f.Add("a=1;b=2", "a", "b", "")
	f.Fuzz(func(t *testing.T, form, key, to, value string) {
		want, err := url.ParseQuery(form)
		if err != nil {
			t.Skip()
		}
		e := &exchange{kind: formBody, direction: &direction{name: "request", bodyLimit: defaultBodyLimit}}
		for _, op := range []string{opRemove, opRename, opReplace, opAdd, opAppend, opMap} {
			i := &item{op: op, section: inBody, source: inBody, key: key, to: to, value: valueOf(value)}
			e.bodyItems = append(e.bodyItems, i)
			fields(want).edit(e, i)
		}
		if form == "" {
			t.Skip()
		}
		e.receive([]byte(form))
		out, err := e.editForm()
		require.NoError(t, err)
		got, err := url.ParseQuery(string(out))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
}

func valueOf(text string) value { return value{text: text} }
