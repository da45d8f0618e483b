package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestGlobs(t *testing.T) {
	tests := []struct {
		pattern        string
		matches, fails []string
	}{
		{"/a", []string{"/a"}, []string{"/", "/b", "/a/b", "/A", ""}},
		{"/*", []string{"/a", "/a.b", "/"}, []string{"/a/b"}},
		{"/a*c/x", []string{"/ac/x", "/abc/x", "/acc/x"}, []string{"/ab/x", "/a/c/x"}},
		{"/**", []string{"/", "/a", "/a/b"}, nil},
		{"/api/**", []string{"/api", "/api/a", "/api/a/b"}, []string{"/apis", "/"}},
		{"/mf/**/m.json", []string{"/mf/m.json", "/mf/a/m.json", "/mf/a/m.json/m.json"}, []string{"/mf/am.json", "/m.json", "/mf/m.json/x"}},
		{"/**/a/**/b", []string{"/a/b", "/x/a/y/z/b", "/a/a/b/b"}, []string{"/b/a", "/a"}},
		{"/a**b", []string{"/ab", "/axb"}, []string{"/a/b"}},
		{"/***", []string{"/", "/a"}, []string{"/a/b"}},
		{"/a?c", []string{"/abc", "/aäc"}, []string{"/ac", "/a/c", "/abbc"}},
		{"/[a-cx]", []string{"/a", "/b", "/x"}, []string{"/d", "/-", "/ab"}},
		{"/[^a-c]", []string{"/d", "/ä"}, []string{"/a", "/"}},
		{"/[!a]", []string{"/b"}, []string{"/a"}},
		{"/[]a]", []string{"/]", "/a"}, []string{"/b"}},
		{"/[a-]", []string{"/a", "/-"}, []string{"/b"}},
		{`/[\]\-]`, []string{"/]", "/-"}, []string{`/\`}},
		{"/x[^a]y", []string{"/xby"}, []string{"/x/y"}},
		{"/*.{js,css}", []string{"/a.js", "/.css"}, []string{"/a.html", "/a.{js,css}"}},
		{"/{a,b/{c,d},}/x", []string{"/a/x", "/b/c/x", "/b/d/x", "//x"}, []string{"/b/x"}},
		{"/{[,}],y}", []string{"/,", "/}", "/y"}, []string{"/[,"}},
		{`/\*\{a`, []string{"/*{a"}, []string{"/x{a"}},
		{"", []string{""}, []string{"/"}},
	}
	for _, tt := range tests {
		g, ok := parseGlob(tt.pattern)
		if !assert.True(t, ok, tt.pattern) {
			continue
		}
		for _, path := range tt.matches {
			assert.True(t, globs{g}.match(path), "%s matches %s", tt.pattern, path)
		}
		for _, path := range tt.fails {
			assert.False(t, globs{g}.match(path), "%s does not match %s", tt.pattern, path)
		}
	}
}

func TestMalformedGlobs(t *testing.T) {
	for _, pattern := range []string{"[", "/[a", "/[]", "/[^]", "/[b-a]", "/{a", "/a}", "/{a,{b}", `/a\`, `/[a\`, strings.Repeat("{a,b}", 11)} {
		g, ok := parseGlob(pattern)
		assert.False(t, ok, pattern)
		assert.False(t, g.match([]string{pattern}), pattern)
	}
	assert.False(t, globs(nil).match("/"))
}

// TestGlobsDoNotExplode would run for years if every star multiplied the work.
func TestGlobsDoNotExplode(t *testing.T) {
	g, ok := parseGlob(strings.Repeat("/**/*a*a*a*a*b", 12))
	assert.True(t, ok)
	done := make(chan bool)
	go func() { done <- globs{g}.match(strings.Repeat("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 200)) }()
	select {
	case matched := <-done:
		assert.False(t, matched)
	case <-time.After(10 * time.Second):
		t.Fatal("the match takes too long")
	}
}
