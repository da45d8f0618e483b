package main

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func request(path string, more ...[2]string) [][2]string {
	return append([][2]string{{":authority", "a.test"}, {":path", path}, {":method", "GET"}, {":scheme", "http"}}, more...)
}

func TestReroute(t *testing.T) {
	const command = `{"type": "set", "target": {"type": "request_header", "name": "x-a"}, "value": "1"}`
	for _, tt := range []struct{ name, config, want string }{
		{"with a command", `{"defaultConfig": {"disableReroute": true, "commands": [` + command + `]}}`, "off"},
		{"in a conditional set", `{"conditionalConfigs": [{"disableReroute": "true", "commands": [` + command + `]}]}`, "off"},
		{"without commands", `{"defaultConfig": {"disableReroute": true}}`, ""},
		{"not the chosen set's", `{"defaultConfig": {"disableReroute": true, "commands": [` + command + `]}, "conditionalConfigs": [{"commands": [` + command + `]}]}`, ""},
		{"off", `{"defaultConfig": {"commands": [` + command + `]}}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			test.RunGoTest(t, func(t *testing.T) {
				h := plugintest.Start(t, tt.config)
				assert.Equal(t, types.ActionContinue, h.CallOnHttpRequestHeaders(request("/")))
				assert.Equal(t, tt.want, plugintest.Property(h, "clear_route_cache"))
				h.CompleteHttp()
			})
		})
	}
}

func TestACommandThatFailsIsLogged(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		h := plugintest.Start(t, `{"defaultConfig": {"commands": [
			{"type": "set", "target": {"type": "request_query", "name": "k"}, "value": "v"},
			{"type": "set", "target": {"type": "request_header", "name": "x-a"}, "value": "1"}]}}`)
		h.CallOnHttpRequestHeaders(request("/%zz"))
		assert.Contains(t, strings.Join(h.GetWarnLogs(), "\n"), "set command failed: the path is malformed, so its query stays as it is")
		assert.Contains(t, h.GetRequestHeaders(), [2]string{"x-a", "1"})
		h.CompleteHttp()
	})
}

// hostCalls records what write does.
type hostCalls []string

func (c *hostCalls) write(m *message) {
	m.write(httpheader.Writer{
		Remove:  func(name string) error { *c = append(*c, "remove "+name); return nil },
		Replace: func(name, value string) error { *c = append(*c, "replace "+name+": "+value); return nil },
		Add:     func(name, value string) error { *c = append(*c, "add "+name+": "+value); return nil },
	})
}

func load(t *testing.T, commands string) *commandSet {
	t.Helper()
	var c Config
	require.NoError(t, parseConfig(field.Of(gjson.Parse(`{"defaultConfig": {"commands": [`+commands+`]}}`)), &c))
	return c.fallback
}

func TestOnlyWhatHasChangedIsWritten(t *testing.T) {
	received := request("/?b=1&a=2", [2]string{"x-a", "1"}, [2]string{"x-b", "1"}, [2]string{"x-a", "2"}, [2]string{"x-c", "1"})
	for _, tt := range []struct {
		name, commands string
		want           hostCalls
	}{
		{"nothing", ``, nil},
		{"the same", `{"type": "set", "target": {"type": "request_header", "name": "x-b"}, "value": "1"}`, nil},
		{"there and back", `{"type": "rename", "target": {"type": "request_header", "name": "x-b"}, "newName": "x-d"},
			{"type": "rename", "target": {"type": "request_header", "name": "x-d"}, "newName": "x-b"}`, nil},
		{"what is missing cannot go", `{"type": "delete", "target": {"type": "request_header", "name": "x-z"}},
			{"type": "delete", "target": {"type": "request_query", "name": "z"}},
			{"type": "delete", "target": {"type": "request_cookie", "name": "z"}},
			{"type": "rename", "target": {"type": "request_query", "name": "z"}, "newName": "a"},
			{"type": "regex_replace", "target": {"type": "request_query", "name": "a"}, "pattern": "x", "replacement": "y"},
			{"type": "copy", "source": {"type": "request_query", "name": "z"}, "target": {"type": "request_query", "name": "a"}}`, nil},
		{"several values", `{"type": "append", "target": {"type": "request_header", "name": "x-a"}, "value": "3"},
			{"type": "delete", "target": {"type": "request_header", "name": "x-c"}}`,
			hostCalls{"replace x-a: 1", "add x-a: 2", "add x-a: 3", "remove x-c"}},
		{"a parameter", `{"type": "set", "target": {"type": "request_query", "name": "b"}, "value": "ü/"}`, hostCalls{"replace :path: /?a=2&b=%C3%BC%2F"}},
		{"later commands see earlier ones", `{"type": "set", "target": {"type": "request_header", "name": "x-b"}, "value": "2"},
			{"type": "copy", "source": {"type": "request_header", "name": "x-b"}, "target": {"type": "request_header", "name": "x-c"}}`,
			hostCalls{"replace x-b: 2", "replace x-c: 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := load(t, tt.commands)
			before := append([][2]string(nil), received...)
			m := newRequest(received)
			e := exchange{commands: set.commands, taken: make([][]string, len(set.commands))}
			e.edit(m)
			var calls hostCalls
			calls.write(m)
			assert.Equal(t, tt.want, calls)
			assert.Equal(t, before, received, "the snapshot is shared")
		})
	}
}

// What each command leaves where it cannot be done, of a header that hosts let in with an odd value, and of others.
func TestValuesThatCannotBe(t *testing.T) {
	const header = `{"type": "request_header", "name": "x"}`
	const query = `{"type": "request_query", "name": "q"}`
	test.RunGoTest(t, func(t *testing.T) {
		for _, tt := range []struct {
			name, command string
			x, want       []string
		}{
			{"set", `{"type": "set", "target": ` + header + `, "value": "a\nb"}`, []string{"1"}, nil},
			{"concat", `{"type": "concat", "target": ` + header + `, "values": ["a", ` + query + `]}`, []string{"1"}, nil},
			{"copy", `{"type": "copy", "target": ` + header + `, "source": ` + query + `}`, []string{"1"}, nil},
			{"regex_replace", `{"type": "regex_replace", "target": ` + header + `, "pattern": "a", "replacement": "b"}`, []string{"a\x01"}, nil},
			{"rename", `{"type": "rename", "source": {"type": "request_header", "name": "odd"}, "target": ` + header + `}`, []string{"1"}, nil},
			{"add", `{"type": "add", "target": ` + header + `, "value": "a\nb"}`, nil, nil},
			{"add where one is", `{"type": "add", "target": ` + header + `, "value": "a\nb"}`, []string{"1"}, []string{"1"}},
			{"append", `{"type": "append", "target": ` + header + `, "value": "a\nb"}`, []string{"1"}, []string{"1"}},
			{"append to an odd one", `{"type": "append", "target": ` + header + `, "value": "a"}`, []string{"\x01"}, []string{"\x01", "a"}},
			{"rename to no name", `{"type": "rename", "source": ` + header + `, "target": {"type": "request_header", "name": "x y"}}`, []string{"1"}, []string{"1"}},
			{"rename to no path", `{"type": "rename", "source": ` + header + `, "target": {"type": "request_header", "name": ":path"}}`, []string{"1"}, []string{"1"}},
			{"rename to a path", `{"type": "rename", "source": ` + header + `, "target": {"type": "request_header", "name": ":path"}}`, []string{"/1"}, nil},
		} {
			t.Run(tt.name, func(t *testing.T) {
				h := plugintest.Start(t, `{"defaultConfig": {"commands": [`+tt.command+`]}}`)
				received := request("/?q=%7f", [2]string{"odd", "\x01"})
				for _, value := range tt.x {
					received = append(received, [2]string{"x", value})
				}
				h.CallOnHttpRequestHeaders(received)
				got := h.GetRequestHeaders()
				// This host joins what is added.
				assert.Equal(t, strings.Join(tt.want, ""), strings.Join(httpheader.Values(got, "x"), ""))
				assert.Equal(t, tt.want != nil, httpheader.Has(got, "x"))
				assert.Equal(t, tt.name != "rename", httpheader.Has(got, "odd"))
				assert.True(t, strings.HasPrefix(httpheader.First(got, ":path"), "/"))
				h.CompleteHttp()
			})
		}
	})
}

func TestHeadersKeepTheirPlaces(t *testing.T) {
	m := newRequest(request("/", [2]string{"a", "1"}, [2]string{"b", "1"}, [2]string{"a", "2"}))
	require.NoError(t, m.set(ref{requestHeader, "a"}, "x", "y"))
	require.NoError(t, m.set(ref{requestHeader, "c"}, "z"))
	assert.Equal(t, request("/", [2]string{"a", "x"}, [2]string{"a", "y"}, [2]string{"b", "1"}, [2]string{"c", "z"}), m.headers)
}

func TestCookies(t *testing.T) {
	for _, tt := range []struct {
		name         string
		lines        []string
		values, want []string
	}{
		{"in place", []string{"x=1; a=1; y=2"}, []string{"new"}, []string{"x=1; a=new; y=2"}},
		{"the first", []string{"a=1;y=2"}, []string{"new"}, []string{"a=new;y=2"}},
		{"repeated", []string{"a=1; x=1", "a=2", "y=1; a=3"}, []string{"new"}, []string{"a=new; x=1", "y=1"}},
		{"several values", []string{"x=1; a"}, []string{"1", "2"}, []string{"x=1; a=1; a=2"}},
		{"appended", []string{"x=1", "y=2; "}, []string{"new"}, []string{"x=1", "y=2; a=new"}},
		{"no header", nil, []string{"new"}, []string{"a=new"}},
		{"an empty header", []string{""}, []string{"new"}, []string{"", "a=new"}},
		{"removed", []string{"x=1; a = 1 ;y"}, nil, []string{"x=1;y"}},
		{"the header is gone", []string{"a=1"}, nil, nil},
		{"only white space and case differ", []string{"A=1; aa=2; =a; b=a"}, nil, []string{"A=1; aa=2; =a; b=a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newRequest(nil)
			for _, line := range tt.lines {
				m.headers = append(m.headers, [2]string{"cookie", line})
			}
			require.NoError(t, m.set(ref{requestCookie, "a"}, tt.values...))
			assert.Equal(t, tt.want, httpheader.Values(m.headers, "cookie"))
			assert.Equal(t, tt.values, m.values(ref{requestCookie, "a"}))
		})
	}
}

func TestLoadErrors(t *testing.T) {
	const header = `{"type": "request_header", "name": "x-a"}`
	command := func(json string) string { return `{"defaultConfig": {"commands": [` + json + `]}}` }
	condition := func(json string) string { return `{"conditionalConfigs": [{}, {"conditions": [` + json + `]}]}` }
	const inCommand, inCondition = "defaultConfig.commands[0]: ", "conditionalConfigs[1].conditions[0]: "
	for _, tt := range []struct{ config, want string }{
		{command(`"x"`), inCommand + `command type is required`},
		{command(`{"type": "SET"}`), inCommand + `unknown command type: SET`},
		{command(`{"type": "set"}`), inCommand + `setCommand: target field is required`},
		{command(`{"type": "set", "target": "x"}`), inCommand + `setCommand: failed to create ref from target field: missing type field`},
		{command(`{"type": "set", "target": {"type": "body"}}`), inCommand + `setCommand: failed to create ref from target field: unknown ref type: body`},
		{command(`{"type": "set", "target": {"type": "request_query"}}`), inCommand + `setCommand: failed to create ref from target field: missing name field`},
		{command(`{"type": "set", "target": {"type": "request_path"}}`), inCommand + `setCommand: failed to create ref from target field: request_path and request_method cannot be edited; use the request_header :path or :method`},
		{command(`{"type": "set", "target": {"type": "request_cookie", "name": "a;b"}}`), inCommand + `setCommand: failed to create ref from target field: no cookie can have the name a;b`},
		{command(`{"type": "set", "target": ` + header + `}`), inCommand + `setCommand: value field is required`},
		{command(`{"type": "add", "target": ` + header + `, "value": null}`), inCommand + `addCommand: value cannot be empty`},
		{command(`{"type": "append", "target": {"type": "request_header", "name": "Host"}, "value": "a"}`), inCommand + `appendCommand: :authority has one value`},
		{command(`{"type": "concat"}`), inCommand + `concatCommand: target field is required`},
		{command(`{"type": "concat", "target": ` + header + `, "values": "x"}`), inCommand + `concatCommand: values field is required and must be an array`},
		{command(`{"type": "concat", "target": ` + header + `, "values": [{}]}`), inCommand + `concatCommand: failed to create ref from values field: missing type field`},
		{command(`{"type": "copy", "target": ` + header + `}`), inCommand + `copyCommand: source field is required`},
		{command(`{"type": "copy", "source": ` + header + `}`), inCommand + `copyCommand: target field is required`},
		{command(`{"type": "copy", "source": {"type": "response_header", "name": "b"}, "target": {"type": "request_query", "name": "b"}}`), inCommand + `copyCommand: the processing stage of source [response_headers] cannot be after the stage of target [request_headers]`},
		{command(`{"type": "delete"}`), inCommand + `deleteCommand: target field is required`},
		{command(`{"type": "delete", "target": {"type": "response_header", "name": ":STATUS"}}`), inCommand + `deleteCommand: :status cannot be deleted`},
		{command(`{"type": "rename", "source": ` + header + `}`), inCommand + `renameCommand: target field is required`},
		{command(`{"type": "rename", "target": ` + header + `}`), inCommand + `renameCommand: newName field is required`},
		{command(`{"type": "rename", "target": ` + header + `, "source": {"type": "request_query", "name": "a"}}`), inCommand + `renameCommand: source and target must have the same type`},
		{command(`{"type": "regex_replace", "target": ` + header + `}`), inCommand + `regexReplaceCommand: pattern field is required`},
		{command(`{"type": "regex_replace", "target": ` + header + `, "pattern": "("}`), inCommand + "regexReplaceCommand: failed to compile pattern: error parsing regexp: missing closing ): `(`"},
		{command(`{"type": "set", "target": ` + header + `, "value": 1, "onStatus": [404]}`), inCommand + `setCommand: onStatus: needs a response_header as target`},
		{command(`{"type": "delete", "target": {"type": "response_header", "name": "a"}, "onStatus": [40]}`), inCommand + `deleteCommand: onStatus: must be a status such as 404 or "5xx", not 40`},
		{command(`{"type": "delete", "target": {"type": "response_header", "name": "a"}, "onStatus": []}`), inCommand + `deleteCommand: onStatus: must not be empty`},
		{condition(`{}`), inCondition + `condition type is required`},
		{condition(`{"type": "like"}`), inCondition + `unknown condition type: like`},
		{condition(`{"type": "equals", "value": {}}`), inCondition + `failed to create condition with type equals: equalsCondition: value1 field type must be JSON object`},
		{condition(`{"type": "prefix", "value": "a"}`), inCondition + `failed to create condition with type prefix: prefixCondition: value field type must be JSON object`},
		{condition(`{"type": "present", "value": {"type": "response_header", "name": "a"}}`), inCondition + `failed to create condition with type present: condition only supports request refs`},
		{condition(`{"type": "not"}`), inCondition + `failed to create condition with type not: notCondition: condition field type must be JSON object`},
		{condition(`{"type": "any_of"}`), inCondition + `failed to create condition with type any_of: conditions: must not be empty`},
		{condition(`{"type": "all_of", "conditions": [{"type": "absent", "value": ` + header + `}, {}]}`), inCondition + `failed to create condition with type all_of: conditions[1]: condition type is required`},
	} {
		var c Config
		assert.EqualError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &c), tt.want, tt.config)
	}
}

// FuzzParameter sets a parameter of a path from anywhere.
func FuzzParameter(f *testing.F) {
	f.Add("/a%2Fb?x=1&y=%zz;&&=#?x", "x", "a b")
	f.Add("/%zz?x", "", "&=")
	f.Add("//a?b;c=d&%78=1", "x", "\x00")
	f.Fuzz(func(t *testing.T, path, name, value string) {
		m := newRequest([][2]string{{":path", path}})
		of := ref{requestQuery, name}
		if err := m.set(of, value); err != nil {
			if after, _ := m.header(":path"); after != path {
				t.Fatalf("%q became %q in spite of %v", path, after, err)
			}
			return
		}
		after, _ := m.header(":path")
		bareOf := func(path string) string {
			bare, _, _ := strings.Cut(path, "#")
			bare, _, _ = strings.Cut(bare, "?")
			return bare
		}
		if bareOf(after) != bareOf(path) {
			t.Fatalf("%q became %q", path, after)
		}
		if got := newRequest([][2]string{{":path", after}}).values(of); len(got) != 1 || got[0] != value {
			t.Fatalf("%q has %q for %q, not %q", after, got, name, value)
		}
	})
}

// FuzzCookie sets a cookie of a header from anywhere.
func FuzzCookie(f *testing.F) {
	f.Add("a=1; b=2", "x")
	f.Add(";;=; a;a =\t", "")
	f.Fuzz(func(t *testing.T, line, value string) {
		m := newRequest([][2]string{{"cookie", line}})
		others := func() (all []string) {
			for _, line := range httpheader.Values(m.headers, "cookie") {
				for piece := range strings.SplitSeq(line, ";") {
					if name, _, _ := cookie.Cut(piece); name != "a" && strings.Trim(piece, " \t") != "" {
						all = append(all, strings.Trim(piece, " \t"))
					}
				}
			}
			return all
		}
		before := others()
		if err := m.set(ref{requestCookie, "a"}, value); err != nil {
			return
		}
		if got := m.values(ref{requestCookie, "a"}); len(got) != 1 || got[0] != strings.Trim(value, " \t") {
			t.Fatalf("%q has %q, not %q", m.headers, got, value)
		}
		if after := others(); strings.Join(after, ";") != strings.Join(before, ";") {
			t.Fatalf("other cookies were %q and are %q", before, after)
		}
	})
}

func TestTheCompiledModuleStartsAndEdits(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/traffic-editor.raw.wasm", func(t *testing.T) {
		h := plugintest.Start(t, `{"defaultConfig": {"commands": [
			{"type": "copy", "source": {"type": "request_query", "name": "id"}, "target": {"type": "response_header", "name": "x-id"}},
			{"type": "delete", "target": {"type": "request_query", "name": "id"}}]}}`)
		assert.Equal(t, types.ActionContinue, h.CallOnHttpRequestHeaders(request("/a?id=7&b=1")))
		assert.Contains(t, h.GetRequestHeaders(), [2]string{":path", "/a?b=1"})
		assert.Equal(t, types.ActionContinue, h.CallOnHttpResponseHeaders([][2]string{{":status", "200"}}))
		assert.Contains(t, h.GetResponseHeaders(), [2]string{"x-id", "7"})
		h.CompleteHttp()
	})
}
