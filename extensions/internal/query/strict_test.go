package query

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStrict(t *testing.T) {
	tests := []struct {
		path  string
		isURL bool
		pairs [][2]string
	}{
		{"/", true, nil},
		{"/?", true, nil},
		{"/?a=1&b=2&a=3", true, [][2]string{{"a", "1"}, {"b", "2"}, {"a", "3"}}},
		{"/?&a&&=x&", true, [][2]string{{"a", ""}, {"", "x"}}},
		{"/?a%20b=c+d", true, [][2]string{{"a b", "c d"}}},
		{"/?a=1;b=2&c=3", true, [][2]string{{"c", "3"}}},
		{"/?a=%zz&b=%4&c=3", true, [][2]string{{"c", "3"}}},
		{"/?a=1#b=2", true, [][2]string{{"a", "1"}}},
		{"/#?a=1", true, nil},
		{"/%zz?a=1", false, [][2]string{{"a", "1"}}},
		{"/\x01?a=1", false, [][2]string{{"a", "1"}}},
		{"/?a=\t", false, [][2]string{{"a", "\t"}}},
		{"", false, nil},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.isURL, IsURL(tt.path), "%q", tt.path)
		assert.Equal(t, tt.pairs, slices.Collect(Strict(tt.path)), "%q", tt.path)
	}
}

func TestWith(t *testing.T) {
	pairs := [][2]string{{"b", "x y"}, {"a", "&=+ü"}, {"", ""}}
	for path, want := range map[string]string{
		"/p":         "/p?b=x+y&a=%26%3D%2B%C3%BC&=",
		"/p?old=1#f": "/p?b=x+y&a=%26%3D%2B%C3%BC&=#f",
		"/p#f?g":     "/p?b=x+y&a=%26%3D%2B%C3%BC&=#f?g",
	} {
		assert.Equal(t, want, With(path, pairs), path)
	}
	assert.Equal(t, "/p", With("/p?a=1", nil))
}

// FuzzStrict has net/url as its judge.
func FuzzStrict(f *testing.F) {
	for _, seed := range []string{"a=1&b=2", "a=%zz&b", ";", "&&=", "a=b=c", "%61=%2B+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "#") {
			t.Skip()
		}
		want, _ := url.ParseQuery(text)
		got := url.Values{}
		pairs := slices.Collect(Strict("/?" + text))
		for _, pair := range pairs {
			got.Add(pair[0], pair[1])
		}
		assert.Equal(t, want, got, "%q", text)
		assert.Equal(t, pairs, slices.Collect(Strict(With("/?"+text, pairs))), "%q", text)
	})
}
