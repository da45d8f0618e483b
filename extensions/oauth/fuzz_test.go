package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// Whatever a form holds, a client is found only by his id and secret; and where Go reads the form too, both read the
// same.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{form, form + "&scope=a%20b", "grant_type=client_credentials;client_id=c-1", "%zz=%zz&%", "&&=&=a&grant_type",
		"client_secret=cs-1&client_secret=x&client_id=c-1&grant%5Ftype=client_credentials", "grant_type=%0d%0a%00%ff", form + "&scope=%ff", "a+b=c+d"} {
		f.Add(seed)
	}
	config, _ := load(f, `{`+both+`}`)
	f.Fuzz(func(t *testing.T, text string) {
		p := parseParameters(text)
		c, refusal := config.Auth.judge(&p)
		if (c == nil) == (refusal == nil) {
			t.Fatalf("%q: %+v %+v", text, c, refusal)
		}
		if refusal != nil && strings.IndexFunc(refusal.Details, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
			t.Fatalf("%q has details that no log should hold: %q", text, refusal.Details)
		}
		if c != nil && (p.grant.text != "client_credentials" || p.id.text != c.id || p.secret.text != string(c.secret)) {
			t.Fatalf("%q gets a token of %s", text, c.name)
		}
		values, err := url.ParseQuery(text)
		if err != nil || strings.Contains(text, "+") {
			return
		}
		for name, v := range map[string]value{"grant_type": p.grant, "client_id": p.id, "client_secret": p.secret, "scope": p.scope} {
			if v.given != values.Has(name) || v.text != values.Get(name) {
				t.Fatalf("%q: %s is %+v, Go reads %q", text, name, v, values[name])
			}
		}
	})
}

// Whatever the client sends as a token, it is somebody's only if his secret has signed it, for now and this issuer.
func FuzzToken(f *testing.F) {
	sign := func(header, claims string) string {
		return jwt.Sign(jwt.HS256, []byte("cs-1"), []byte(header), []byte(claims))
	}
	for _, seed := range []string{"Bearer " + issued, "bearer  " + issued, issued, "Bearer a.b.c", "Bearer ..", "x Bearer " + issued, "Bearer " + issued + "=",
		"Bearer " + sign(`{"alg":"HS256"}`, `{}`), "Bearer " + sign(`{"alg":"none","typ":"application/at+jwt"}`, `{"client_id":"c-3"}`),
		"Bearer " + sign(string(tokenHeader), `{"iss":"Higress-Gateway","sub":"report","aud":"","client_id":"c-1","iat":0,"exp":1e99}`)} {
		f.Add(seed)
	}
	config, _ := load(f, `{`+both+`}`)
	f.Fuzz(func(t *testing.T, header string) {
		credential, state := consumers.Credential(plugintest.Request("GET", "/", "authorization: "+header), "authorization")
		text, ok := consumers.CutScheme(credential, scheme)
		c, audience, problem := config.Auth.verify(text)
		if (c == nil) == (problem == "") {
			t.Fatalf("%q: %+v %q", header, c, problem)
		}
		if c == nil || state != consumers.Given || !ok {
			return
		}
		token, err := jwt.Parse(text)
		if err != nil || token.Algorithm != jwt.HS256 || !token.VerifyHMAC(c.secret) {
			t.Fatalf("%q is taken for %s's", header, c.name)
		}
		claim := func(name string) string { return token.Claims.Get(name).String() }
		if claim("client_id") != c.id || claim("sub") != c.name || claim("iss") != "Higress-Gateway" || claim("aud") != audience ||
			token.Claims.CheckTimes(now, 60) != nil {
			t.Fatalf("%q is taken for %s's", header, c.name)
		}
	})
}

// What an endpoint issues, for whatever scope, is a token that it takes.
func FuzzScope(f *testing.F) {
	for _, seed := range []string{"", "a b", `","sub":"report`, "\x00\x7f\u2028\\", "ü€😀"} {
		f.Add(seed)
	}
	config, _ := load(f, `{`+both+`}`)
	f.Fuzz(func(t *testing.T, scope string) {
		p := parseParameters(form + "&scope=" + strings.ReplaceAll(url.QueryEscape(scope), "+", "%20"))
		c, refusal := config.Auth.judge(&p)
		if refusal != nil {
			return
		}
		auth := *config.Auth
		auth.random = counted()
		text, err := auth.issue(c, anyRoute, p.scope)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > jwt.MaxSize {
			return
		}
		if whose, _, problem := auth.verify(text); whose != c {
			t.Fatalf("scope %q: %s", scope, problem)
		}
		token, _ := jwt.Parse(text)
		if got, _ := token.Claims.Text("scope"); got != scope {
			t.Fatalf("scope %q is in the token as %q", scope, got)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	config, _ := load(b, `{`+both+`}`)
	for range b.N {
		if _, _, problem := config.Auth.verify(issued); problem != "" {
			b.Fatal(problem)
		}
	}
}
