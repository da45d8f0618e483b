package query

import (
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParams(t *testing.T) {
	tests := []struct {
		path string
		want []Param
	}{
		{"/", nil},
		{"/?", nil},
		{"/?a=1&b", []Param{{Name: "a", Value: "1"}, {Name: "b"}}},
		{"/?a=%31&%61=2", []Param{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}},
		{"/?a=1+2", []Param{{Name: "a", Value: "1 2", Plain: "1+2"}}},
		{"/?a=1%2b2", []Param{{Name: "a", Value: "1+2"}}},
		{"/?a=%zz&b=%4&c=%&d=1", []Param{{Name: "d", Value: "1"}}},
		{"/%zz?a=1", []Param{{Name: "a", Value: "1"}}},
		{"//x/../y?a=1", []Param{{Name: "a", Value: "1"}}},
		{"/?a=b=c?d", []Param{{Name: "a", Value: "b=c?d"}}},
		{"/?&&=x&a=1&", []Param{{Name: "a", Value: "1"}}},
		{"/?a=1;b=2", []Param{{Name: "a", Value: "1;b=2"}}},
		{"/?a=1#&b=2", []Param{{Name: "a", Value: "1"}}},
		{"/#?a=1", nil},
		{"/?a=%0d%0a", []Param{{Name: "a", Value: "\r\n"}}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Params(tt.path), tt.path)
	}
}

func TestPairs(t *testing.T) {
	tests := []struct {
		query string
		want  []Pair
	}{
		{"", nil},
		{"a", []Pair{{Name: "a"}}},
		{"a=", []Pair{{Name: "a", HasValue: true}}},
		{"a=1&&b=%zz", []Pair{{"a", "1", true}, {}, {"b", "%zz", true}}},
		{"a&", []Pair{{Name: "a"}, {}}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, slices.Collect(Pairs(tt.query)), tt.query)
	}
}

func TestDecoders(t *testing.T) {
	tests := []struct {
		text, form, percent, lenient string
		malformed                    bool
	}{
		{"plain", "plain", "plain", "plain", false},
		{"a+b", "a b", "a+b", "a+b", false},
		{"%41%7a%7A", "Azz", "Azz", "Azz", false},
		{"%2B", "+", "+", "+", false},
		{"%zz%41", "", "", "%zzA", true},
		{"%4", "", "", "%4", true},
		{"%", "", "", "%", true},
		{"%%41", "", "", "%A", true},
	}
	for _, tt := range tests {
		form, ok := Form(tt.text)
		assert.Equal(t, !tt.malformed, ok, tt.text)
		assert.Equal(t, tt.form, form, tt.text)
		percent, ok := Percent(tt.text)
		assert.Equal(t, !tt.malformed, ok, tt.text)
		assert.Equal(t, tt.percent, percent, tt.text)
		assert.Equal(t, tt.lenient, Lenient(tt.text), tt.text)
	}
}

func TestWithout(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/a", "/a"},
		{"/a?", "/a?"},
		{"/a?key=1", "/a"},
		{"/a?b=%20&key=1&&c", "/a?b=%20&&c"},
		{"/%zz?k%65y=1&x=%zz", "/%zz?x=%zz"},
		{"/a?key=%zz", "/a"},
		{"/a?KEY=1", "/a?KEY=1"},
		{"/a?key=1&key=2#key", "/a#key"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Without(tt.path, func(name string) bool { return name == "key" }), tt.path)
	}
}

func FuzzQuery(f *testing.F) {
	for _, path := range []string{"/", "/?a=1", "/?%61=%zz&a", "?", "/?a=1&a=2#x", "/?a;b=1", "/%zz?+=+", "#?a=1"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		names := map[string]bool{}
		for _, p := range Params(path) {
			names[p.Name] = true
		}
		if left := Params(Without(path, func(name string) bool { return names[name] })); len(left) != 0 {
			t.Fatalf("%q keeps %v", path, left)
		}
		if same := Without(path, func(string) bool { return false }); same != path {
			t.Fatalf("%q becomes %q", path, same)
		}
		text, ok := Form(path)
		want, err := url.QueryUnescape(path)
		if ok != (err == nil) || text != want {
			t.Fatalf("%q is decoded to %q, %v", path, text, ok)
		}
	})
}
