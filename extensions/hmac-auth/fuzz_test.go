package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func FuzzSignatureHeaders(f *testing.F) {
	for _, list := range []string{"", "x-a", "X-A, x-b,,", " ,", "/p?a=b", ":path,host", "x-ca-signature", "date,accept", "é", "x-a,x-a"} {
		f.Add(list, "/?a=%31&b", "1")
	}
	f.Add("x-a", "/?a=%0a%0d&%zz;#?", "\x7f")
	f.Add("x-b, x-a,/p", "/", "1")
	config := load(f, `{`+oneCaller+`}`, time.Now)
	f.Fuzz(func(t *testing.T, list, path, value string) {
		headers := plugintest.Request("GET", path, "x-a: "+value, "x-ca-signature-headers: "+list)
		names := parseNames(list)
		bare, query, _ := strings.Cut(path, "?")
		params, _, _ := parameters(query, "")
		text, _ := stringToSign(headers, names.exact(), bare, params)
		if !slices.IsSorted(names.asListed) || !slices.IsSorted(names.trimmed) {
			t.Fatalf("%q, %q", names.asListed, names.trimmed)
		}
		passes := judge(config, signed(text, headers)) == ""
		if passes != (names.usable && len(list) <= consumers.MaxCredential) {
			t.Fatalf("%q over %q: %v", list, text, passes)
		}
		if judge(config, append(signed(text, headers), [2]string{"accept", "other"})) == "" {
			t.Fatalf("a header that is always signed can be added: %q", text)
		}
		if strings.ContainsFunc(printable(text), func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Fatalf("%q", printable(text))
		}
	})
}

func FuzzParameters(f *testing.F) {
	f.Add("a=1&b=2", "c=3")
	f.Add("&&=&a", "%61=%zz")
	f.Add("a=1;b=2", "a+b=%2B")
	f.Fuzz(func(t *testing.T, query, form string) {
		list, repeated, ok := parameters(query, form)
		if !ok {
			return
		}
		for i := 1; i < len(list); i++ {
			if list[i-1].name >= list[i].name {
				t.Fatalf("%q is not before %q", list[i-1].name, list[i].name)
			}
		}
		received := 0
		for _, text := range []string{query, form} {
			if text != "" {
				received += strings.Count(text, "&") + 1
			}
		}
		if repeated != (len(list) < received) {
			t.Fatalf("%d of %d, repeated: %v", len(list), received, repeated)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	config := load(b, `{`+oneCaller+`}`, time.Now)
	headers := vector()
	for b.Loop() {
		if judge(config, headers) != "" {
			b.Fatal("refused")
		}
	}
}
