package oidc

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/test/internal/engines"
)

func TestOnTheLocalGateway(t *testing.T) { test(t, engines.StartGateway) }

func TestOnEnvoy(t *testing.T) { test(t, engines.StartEnvoy) }

// test logs in, refreshes and logs out.
func test(t *testing.T, start func(testing.TB, engines.Config) string) {
	needNode(t)
	p := newProvider(t)
	gateway := "http://" + start(t, setup(t, p))
	b := newBrowser(t)
	if answer := b.get(gateway + "/cart"); answer.status != http.StatusServiceUnavailable {
		t.Fatalf("before discovery: %d %s", answer.status, answer.body)
	}
	p.start(t, gateway)

	first := logIn(b, p, gateway)
	refresh(b, p, gateway, first)
	refreshTogether(t, b, p, gateway)
	logOut(b, p, gateway)
}

// logIn goes through the provider's forms, and returns what the backend saw in the end.
func logIn(b *browser, p *provider, gateway string) seen {
	b.Helper()
	login := b.get(gateway + "/cart?x=1")
	attempts := time.NewTicker(50 * time.Millisecond)
	defer attempts.Stop()
	for deadline := time.Now().Add(time.Minute); login.status == http.StatusServiceUnavailable; <-attempts.C {
		if time.Now().After(deadline) {
			b.Fatal("the gateway does not discover the provider")
		}
		login = b.get(gateway + "/cart?x=1")
	}
	if !strings.HasPrefix(login.url.String(), p.issuer+"/interaction/") || !strings.Contains(login.body, `name="password"`) {
		b.Fatalf("no login page but %s: %d %s", login.url, login.status, login.body)
	}
	consent := b.submit(login, url.Values{"login": {"ann"}, "password": {"x"}})
	saw := b.submit(consent, nil)
	if saw.url.String() != gateway+"/cart?x=1" {
		b.Fatalf("after the login the browser is at %s: %d %s", saw.url, saw.status, saw.body)
	}
	s := backendSaw(b.T, saw)
	if s.Path != "/cart?x=1" {
		b.Errorf("the backend is asked for %s", s.Path)
	}
	if subject := claims(b, s)["sub"]; subject != "ann" {
		b.Errorf("the backend sees the subject %v", subject)
	}
	if s.Headers.Get("X-Forwarded-Access-Token") == "" {
		b.Error("the backend gets no access token")
	}
	for _, cookie := range b.cookies(gateway) {
		if strings.HasSuffix(cookie.Name, "_csrf") {
			b.Error("the login's cookie is still there")
		}
	}
	return s
}

// claims are those of the ID token that the backend got.
func claims(b *browser, s seen) map[string]any {
	b.Helper()
	parts := strings.Split(strings.TrimPrefix(s.Headers.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 || len(s.Headers.Values("Authorization")) != 1 {
		b.Fatalf("the backend gets no ID token but %q", s.Headers.Values("Authorization"))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		b.Fatal(err)
	}
	var set map[string]any
	if err := json.Unmarshal(text, &set); err != nil {
		b.Fatal(err)
	}
	return set
}

// refresh sends a form with a session whose tokens are about to end, and checks that it arrives with new ones.
func refresh(b *browser, p *provider, gateway string, before seen) {
	b.Helper()
	calls := p.tokenCalls()
	answer := b.post(gateway+"/order", url.Values{"apples": {"3"}})
	s := backendSaw(b.T, answer)
	if p.tokenCalls() != calls+1 {
		b.Errorf("%d calls for tokens", p.tokenCalls()-calls)
	}
	if s.Body != "apples=3" {
		b.Errorf("the backend got the body %q", s.Body)
	}
	if s.Headers.Get("X-Forwarded-Access-Token") == before.Headers.Get("X-Forwarded-Access-Token") {
		b.Error("the backend got the old access token")
	}
	if len(answer.header.Values("Set-Cookie")) == 0 {
		b.Error("the browser got no new cookie")
	}
}

// refreshTogether sends requests at the same time, as a page with many parts does: all with the same cookie, whose
// refresh token the provider takes only once.
func refreshTogether(t *testing.T, b *browser, p *provider, gateway string) {
	t.Helper()
	cookies := b.cookies(gateway)
	calls := p.tokenCalls()
	var all sync.WaitGroup
	var mu sync.Mutex
	var answers []page
	for range 8 {
		all.Go(func() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway+"/part", nil)
			if err != nil {
				t.Error(err)
				return
			}
			alone := &browser{t, &http.Client{Timeout: 30 * time.Second}}
			for _, cookie := range cookies {
				request.AddCookie(cookie)
			}
			answer := alone.do(request)
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, answer)
		})
	}
	all.Wait()
	tokens := map[string]bool{}
	for _, answer := range answers {
		tokens[backendSaw(t, answer).Headers.Get("X-Forwarded-Access-Token")] = true
		u, _ := url.Parse(gateway)
		b.client.Jar.SetCookies(u, (&http.Response{Header: answer.header}).Cookies())
	}
	if len(answers) != 8 || len(tokens) != 1 || p.tokenCalls() != calls+1 {
		t.Errorf("%d answers, %d access tokens, %d calls for tokens", len(answers), len(tokens), p.tokenCalls()-calls)
	}
	refresh(b, p, gateway, seen{}) // the provider has not ended the session
}

// logOut ends the session here and at the provider.
func logOut(b *browser, p *provider, gateway string) {
	b.Helper()
	end := p.issuer + "/session/end?post_logout_redirect_uri=" + url.QueryEscape(gateway+"/static/bye")
	confirm := b.get(gateway + "/oauth2/sign_out?rd=" + url.QueryEscape(end))
	if !strings.HasPrefix(confirm.url.String(), p.issuer+"/session/end?") || confirm.url.Query().Get("id_token_hint") == "" {
		b.Fatalf("no logout page but %s", confirm.url)
	}
	bye := b.submit(confirm, url.Values{"logout": {"yes"}})
	if bye.url.String() != gateway+"/static/bye" {
		b.Fatalf("after the logout the browser is at %s: %d %s", bye.url, bye.status, bye.body)
	}
	if s := backendSaw(b.T, bye); s.Headers.Get("Authorization") != "" {
		b.Error("the backend still gets tokens")
	}
	for _, cookie := range b.cookies(gateway) {
		b.Errorf("the cookie %s is still there", cookie.Name)
	}
	login := b.get(gateway + "/cart")
	if !strings.Contains(login.body, `name="password"`) {
		b.Errorf("after the logout the browser is not asked to log in, but is at %s", login.url)
	}
}
