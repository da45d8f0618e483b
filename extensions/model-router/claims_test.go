package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClaims(t *testing.T) {
	const both = `{"modelInPath": ["/models/([^/:]+)", "/a(x)?/"], "modelInQuery": "model"}`
	for _, tt := range []struct {
		name, config, target string
		names, parts         []string
		unreadable           bool
	}{
		{"nothing", both, "/x?y=1", nil, nil, false},
		{"path and query", both, "/models/g:x?model=q", []string{"g", "q"}, nil, false},
		{"several in the path", both, "/models/g/models/h", []string{"g", "h"}, nil, false},
		{"the end of one name is the beginning of the next place", `{"modelInPath": ["/models/([^/]+)/"]}`, "/models/g/models/h/", []string{"g", "h"}, nil, false},
		{"several patterns", `{"modelInPath": ["/models/([^/]+)", "/m/([^/]+)"]}`, "/m/h/models/g", []string{"g", "h"}, nil, false},
		{"a pattern for the beginning", `{"modelInPath": ["(?i)^/models/([^/]+)"]}`, "/Models/g/models/h", []string{"g"}, nil, false},
		{"too many places", both, strings.Repeat("/a/b", 65), nil, nil, true},
		{"an escaped slash in a name", both, "/models/p%2Fg:x", []string{"p/g"}, []string{"p"}, false},
		{"an escaped colon in a name", both, "/models/p%3ag:x", []string{"p:g"}, []string{"p", "p"}, false},
		{"an escaped slash before a name", both, "/models%2Fg", []string{"g"}, nil, false},
		{"escapes before a name", both, "/mod%65ls/p%2Fg", []string{"p/g"}, []string{"p"}, false},
		{"escaped escapes", both, "/models/%2567", []string{"%67"}, nil, false},
		{"an escape that is none, elsewhere", both, "/%zz/models/g", []string{"g"}, nil, false},
		{"dot segments", both, "/models/x/../g", []string{"x", "g"}, nil, false},
		{"escaped dot segments", both, "/models/g%2f..%2f..%2fmodels%2fh", []string{"g/../../models/h", "h"}, []string{"g"}, false},
		{"dot segments at the end", both, "/models/g/x/..", []string{"g"}, nil, false},
		{"dot segments above the root", both, "/../models/./g", []string{".", "g"}, nil, false},
		{"slashes", both, "//models///g", []string{"g"}, nil, false},
		{"slashes that count as segments", both, "/models//../g", []string{"g"}, nil, false},
		{"backslashes", both, `/models\g`, []string{"g"}, nil, false},
		{"parameters of segments", both, "/models;v=1/g;w", []string{"g"}, nil, false},
		{"parameters of dot segments", both, "/models/x/..;/g", []string{"x", "g"}, nil, false},
		{"malformed in the path", both, "/models/%zz", []string{"%zz"}, nil, true},
		{"malformed in the path beside one in the query", both, "/models/%zz?model=q", []string{"%zz", "q"}, nil, true},
		{"control characters in the path", both, "/models/g%0a", nil, nil, true},

		{"repeated", both, "/?model=a&model=b", []string{"a", "b"}, nil, false},
		{"an empty value behind another", both, "/?model=a&model=", []string{"a"}, nil, true},
		{"an empty value before another", both, "/?model&model=a", []string{"a"}, nil, true},
		{"a blank value beside another", both, "/?model=a&model=+", []string{"a", " ", "+"}, nil, true},
		{"a blank value alone", both, "/?model=%20", []string{" "}, nil, false},
		{"an empty value alone", both, "/?model=", nil, nil, false},
		{"empty values alone", both, "/?model=&model", nil, nil, false},
		{"a malformed value behind another", both, "/?model=a&model=%zz", []string{"a"}, nil, true},
		{"a malformed value alone", both, "/?model=%zz", nil, nil, true},
		{"control characters", both, "/?model=a%00", nil, nil, true},
		{"an escaped name", both, "/?mod%65l=a", []string{"a"}, nil, false},
		{"another case", both, "/?Model=a", []string{"a"}, nil, false},
		{"blanks around the name", both, "/?+model%20=a", []string{"a"}, nil, false},
		{"a list", both, "/?model[]=a&model%5b1%5d=b", []string{"a", "b"}, nil, false},
		{"another name", both, "/?models=a&mode=b&model%zz=c&%zz=d", nil, nil, false},
		{"a plus", both, "/?model=a+b", []string{"a b", "a+b"}, nil, false},
		{"an escaped plus", both, "/?model=a%2Bb", []string{"a+b"}, nil, false},
		{"semicolons in another value", both, "/?x=1;model=a", []string{"a"}, nil, false},
		{"semicolons in the value", both, "/?model=a;x", []string{"a;x", "a"}, nil, false},
		{"a second question mark", both, "/?model=a?model=b", []string{"a?model=b"}, nil, false},
		{"a fragment before the query", both, "/#?model=a", []string{"a"}, nil, true},
		{"a fragment in the query", both, "/?x#&model=a", []string{"a"}, nil, true},
		{"a list that is named as one", `{"modelInQuery": "opts[model]"}`, "/?opts[model]=a&opts[x]=b", []string{"a"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := placesOf(t, tt.config).claimed(tt.target)
			assert.Equal(t, tt.names, c.names)
			assert.Equal(t, tt.parts, c.parts)
			assert.Equal(t, tt.unreadable, c.unreadable)
		})
	}
}

// What the plugin routes by is among what it asks permission for.
func FuzzClaims(f *testing.F) {
	for _, target := range []string{"/models/a%2Fb?model=c", "/?model=a/b&&model=%2f#?model=x", "/models/x/..;/%2e%2e\\g", "/models//models/%zz", "/?model=+a;model[]=b"} {
		f.Add(target)
	}
	p := placesOf(f, `{"modelInPath": ["/models/([^/:]+)", "^/m/(.*)"], "modelInQuery": "model"}`)
	f.Fuzz(func(t *testing.T, target string) {
		c := p.claimed(target)
		if found := p.find(target); found != nil && !c.unreadable && !slices.Contains(c.names, found.name) {
			t.Fatalf("%q is routed by %q, and names %q", target, found.name, c.names)
		}
	})
}
