package model

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestSuffixes(t *testing.T) {
	for _, tt := range []struct {
		name, list, path string
		want             bool
	}{
		{"the end of the path", `["/a"]`, "/v1/a", true},
		{"not its middle", `["/a"]`, "/a/b", false},
		{"without the query", `["/a"]`, "/v1/a?b=/c", true},
		{"not the query", `["/c"]`, "/v1/a?b=/c", false},
		{"no suffix", `[]`, "/a", false},
		{"the empty one", `[""]`, "/a", true},
		{"an asterisk is a character", `["*"]`, "/a", false},
		{"a number", `[1]`, "/v1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, SuffixesOf(gjson.Parse(tt.list)).Fit(tt.path))
		})
	}
	for _, path := range []string{"/v1/chat/completions", "/v1/responses", "/v1/messages?beta=true"} {
		assert.True(t, DefaultSuffixes.Fit(path), path)
	}
}

func TestKinds(t *testing.T) {
	for contentType, want := range map[string]Kind{
		"": Untyped, "application/json": JSON, "Application/JSON ; charset=utf-8": JSON, "application/problem+json": JSON,
		"text/plain": Unknown, "text/x-application/json": Unknown,
		"multipart/form-data; boundary=b": Multipart, `Multipart/Form-Data;Boundary="b"`: Multipart,
		"multipart/form-data": Unknown, "multipart/mixed; boundary=b": Unknown,
	} {
		kind, _ := KindOf([][2]string{{":path", "/"}, {"content-type", contentType}})
		assert.Equal(t, want, kind, contentType)
	}
	kind, _ := KindOf([][2]string{{"content-type", "application/json"}, {"content-type", "multipart/form-data; boundary=b"}})
	assert.Equal(t, Unknown, kind, "two types")
	kind, _ = KindOf([][2]string{{"content-type", "multipart/form-data; boundary*=utf-8''c; boundary=b"}})
	assert.Equal(t, Unknown, kind, "two boundaries")
	kind, _ = KindOf(nil)
	assert.Equal(t, Untyped, kind)
}

func TestMembers(t *testing.T) {
	for _, tt := range []struct {
		name, key, json string
		want            string // the text found
		disputed        bool
		edited          string // with the name "N"
	}{
		{"a member", "model", `{"a":1, "model" : "x"}`, "x", false, `{"a":1, "model" : "N"}`},
		{"a null", "model", `{"model":null}`, "", false, `{"model":"N"}`},
		{"none", "model", `{"a":1 }`, "", false, `{"a":1,"model":"N" }`},
		{"in an empty object", "model", ` { } `, "", false, ` {"model":"N" } `},
		{"repeated", "model", `{"model":"x","model":"y"}`, "y", true, `{"model":"N","model":"N"}`},
		{"repeated and equal", "model", `{"model":"x","mode\u006c":"\u0078"}`, "x", false, `{"model":"N","mode\u006c":"N"}`},
		{"repeated as another type", "model", `{"model":1,"model":"1"}`, "1", true, `{"model":"N","model":"N"}`},
		{"nested", "a.b", `{"a":{"b":"x"},"a.b":"y"}`, "x", false, `{"a":{"b":"N"},"a.b":"y"}`},
		{"a name with a dot", `a\.b`, `{"a":{"b":"x"},"a.b":"y"}`, "y", false, `{"a":{"b":"x"},"a.b":"N"}`},
		{"in repeated objects", "a.b", `{"a":{"b":"x"},"a":{"b":"y"}}`, "y", true, `{"a":{"b":"N"},"a":{"b":"N"}}`},
		{"missing in the last of repeated objects", "a.b", `{"a":{"b":"x"},"a":{}}`, "", true, `{"a":{"b":"N"}}`},
		{"nested and missing", "a.b", `{"c":1}`, "", false, `{"c":1,"a":{"b":"N"}}`},
		{"nested in null", "a.b", `{"a":null}`, "", false, `{"a":{"b":"N"}}`},
		{"nested in a text", "a.b", `{"a":"x"}`, "", false, ""},
		{"in a list", "model", `[{"model":"x"}]`, "", false, ""},
		{"no object", "model", `"x"`, "", false, ""},
		{"another case beside it", "model", `{"model":"x","MODEL":"y"}`, "x", true, `{"model":"N","MODEL":"N"}`},
		{"another case before it", "model", `{"Mod\u0065l":"y","model":"x"}`, "x", true, `{"Mod\u0065l":"N","model":"N"}`},
		{"another case of the same value", "model", `{"model":"x","Model":"x"}`, "x", false, `{"model":"N","Model":"N"}`},
		{"another case instead", "model", `{"MODEL":"y"}`, "", true, `{"MODEL":"N","model":"N"}`},
		{"another case that Unicode folds", "k", `{"k":"x","K":"y"}`, "x", true, `{"k":"N","K":"N"}`},
		{"another case on the way", "a.b", `{"a":{"b":"x"},"A":{"B":"y"}}`, "x", true, `{"a":{"b":"N"},"A":{"B":"N"}}`},
		{"special characters are characters", "a*", `{"ab":"x","a*":"y"}`, "y", false, `{"ab":"x","a*":"N"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := NewMember(tt.key).Find(tt.json)
			assert.Equal(t, tt.want, found.Value.String())
			assert.Equal(t, tt.disputed, found.Disputed)
			edited, err := found.Set("N")
			if tt.edited == "" {
				assert.EqualError(t, err, "the place of the model is not in an object")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.edited, string(edited))
		})
	}
}

func TestOfVeryManyTheLastStays(t *testing.T) {
	found := NewMember("model").Find(`{"a":1,` + strings.Repeat(`"model":"x",`, maxPlaces) + `"model":"y","b":2}`)
	assert.Equal(t, "y", found.Value.String())
	assert.True(t, found.Disputed)
	edited, err := found.Set("N")
	require.NoError(t, err)
	assert.Equal(t, `{"a":1,"model":"N","b":2}`, string(edited))
}

func TestOfVeryManyInOtherLettersNoneIsEdited(t *testing.T) {
	found := NewMember("model").Find(`{` + strings.Repeat(`"Model":"x",`, maxPlaces) + `"model":"y"}`)
	assert.True(t, found.Disputed)
	_, err := found.Set("N")
	assert.EqualError(t, err, "too many members have the model's name in other letters")
}

// A body is in the guest once; an edit may take twice its size beside it.
func TestEditsTakeLittleMemory(t *testing.T) {
	text := strings.Repeat("x", 8<<20)
	for name, json := range map[string]string{
		"a member": `{"t":"` + text + `","model":"x"}`,
		"none":     `{"t":"` + text + `"}`,
		"many":     `{` + strings.Repeat(`"model":1,`, 200_000) + `"model":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			member := NewMember("model")
			allocated := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					found := member.Find(json)
					_, _ = found.Set("name")
				}
			}).AllocedBytesPerOp()
			assert.LessOrEqual(t, allocated, int64(2*len(json)+64<<10))
		})
	}
	t.Run("a form", func(t *testing.T) {
		form := "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n" + text + "\r\n--b--"
		allocated := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parsed, _ := ParseForm(form, "multipart/form-data; boundary=b", "model")
				_, _ = parsed.Set("name")
			}
		}).AllocedBytesPerOp()
		assert.LessOrEqual(t, allocated, int64(2*len(form)))
	})
}
