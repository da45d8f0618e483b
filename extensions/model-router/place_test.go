package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

func placesOf(t testing.TB, config string) *places {
	p, err := parsePlaces(field.Of(gjson.Parse(config)))
	require.NoError(t, err)
	return &p
}

func TestPlaces(t *testing.T) {
	const both = `{"modelInPath": ["/models/([^/:]+)", "/a(x)?/"], "modelInQuery": "model"}`
	for _, tt := range []struct {
		name, target    string
		want            string // the name; "" for none
		disputed        bool
		whole, provider string // the target with the whole name, and without the provider
	}{
		{"in the path", "/models/g:x?model=q", "g", false, "/models/g:x?model=q", "/models/g:x?model=q"},
		{"encoded", "/models/p%2fg%20x", "p/g x", false, "/models/p%2fg%20x", "/models/g%20x"},
		{"malformed in the path", "/models/%zz?model=q", "q", false, "/models/%zz?model=q", "/models/%zz?model=q"},
		{"a group without a match", "/a/?model=q", "q", false, "/a/?model=q", "/a/?model=q"},
		{"not in the query's text", "/?x=/models/g", "", false, "", ""},
		{"in the query", "/?a&model=p/q+r&b=", "p/q r", false, "/?a&model=p/q+r&b=", "/?a&model=q+r&b="},
		{"without a value", "/?model", "", false, "", ""},
		{"an empty value", "/?model=a&model=", "", false, "", ""},
		{"repeated", "/?model=a&mod%65l=b#f&model=c", "b", true, "/?model=b&mod%65l=b#f&model=c", "/?model=b&mod%65l=b#f&model=c"},
		{"repeated and equal", "/?model=a&model=a", "a", false, "/?model=a&model=a", "/?model=a&model=a"},
		{"repeated, first without a value", "/?model&model=a", "a", true, "/?model=a&model=a", "/?model=a&model=a"},
		{"malformed in the query", "/?model=%zz", "", false, "", ""},
		{"behind a fragment", "/#?model=a", "", false, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := placesOf(t, both).find(tt.target)
			if tt.want == "" {
				assert.Nil(t, p)
				return
			}
			require.NotNil(t, p)
			assert.Equal(t, tt.want, p.name)
			assert.Equal(t, tt.disputed, p.disputed)
			assert.Equal(t, tt.whole, p.withModel(true))
			assert.Equal(t, tt.provider, p.withModel(false))
		})
	}
	assert.True(t, placesOf(t, `{}`).none())
	assert.Nil(t, placesOf(t, `{}`).find("/models/a?model=b"))
}

func FuzzPlace(f *testing.F) {
	f.Add("/models/a%2Fb?model=c")
	f.Add("/?model=a/b&&model=%2f#?model=x")
	f.Add("?model=a?model=b")
	p := placesOf(f, `{"modelInPath": ["/models/([^/:]+)"], "modelInQuery": "model"}`)
	f.Fuzz(func(t *testing.T, target string) {
		found := p.find(target)
		if found == nil {
			return
		}
		whole := p.find(found.withModel(true))
		if whole == nil || whole.name != found.name || whole.disputed && found.at < 0 {
			t.Fatalf("%q with %q everywhere is %q", target, found.name, found.withModel(true))
		}
		_, rest, ok := strings.Cut(found.name, "/")
		if !ok || rest == "" || found.at >= 0 {
			return
		}
		short := p.find(found.withModel(false))
		if short == nil || short.name != rest {
			t.Fatalf("%q with %q is %q", target, rest, found.withModel(false))
		}
		text, _ := query.Of(target)
		edited, _ := query.Of(found.withModel(false))
		if strings.Count(text, "&") != strings.Count(edited, "&") {
			t.Fatalf("%q lost parameters: %q", text, edited)
		}
	})
}
