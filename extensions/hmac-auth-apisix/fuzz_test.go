package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// FuzzAuthorization compares the scanner with the expression that it stands for.
func FuzzAuthorization(f *testing.F) {
	for _, text := range []string{"", keyOnly[10:], `keyId="a`, `="keyId="a"`, `x="keyId="a"`, `keyId="a"keyId="b"`, `headers=" a  b"`, `é="x"`} {
		f.Add(text)
	}
	expression := regexp.MustCompile(`(\w+)="([^"]*)"`)
	config, _ := load(f, `{"clock_skew": 0, `+oneCaller+`}`, time.Now)
	f.Fuzz(func(t *testing.T, text string) {
		c := parseParameters(text)
		want := map[string]string{}
		for _, match := range expression.FindAllStringSubmatch(text, -1) {
			want[match[1]] = match[2]
		}
		if c.keyID != want["keyId"] || c.algorithm != want["algorithm"] || c.signature != want["signature"] ||
			strings.Join(c.listed, " ") != want["headers"] {
			t.Fatalf("%q is read as %q, not as %q", text, c, want)
		}
		value := `Signature keyId="ak-demo",algorithm="hmac-sha256",headers="` + want["headers"] + `",signature="x"`
		if judge(config, plugintest.Request("GET", "/", authorization+": "+value)) == "" {
			t.Fatalf("%q passes", value)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	config, _ := load(b, first, clock(0))
	headers := vector("hmac-sha256", vectorSHA256)
	for b.Loop() {
		if judge(config, headers) != "" {
			b.Fatal("refused")
		}
	}
}
