package main

import (
	"net/url"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
)

// login sends the browser to the provider's login page (OpenID Connect Core, section 3.1.2.1).
func (x *exchange) login() {
	attempt := newAttempt()
	hash := hashed(attempt.state)
	parameters := [][2]string{
		{"redirect_uri", x.redirect.of(x)},
		{"scope", x.scope},
		{"client_id", x.id},
		{"response_type", "code"},
		{"state", x.state(hash, x.target())},
	}
	if x.checkNonce {
		parameters = append(parameters, [2]string{"nonce", hashed(attempt.nonce)})
	}
	if x.challenge != "" {
		attempt.verifier = newVerifier()
		text, err := challenge(x.challenge, attempt.verifier)
		if err != nil {
			x.refuse(500, "Error creating code challenge: "+err.Error())
			return
		}
		parameters = append(parameters, [2]string{"code_challenge", text}, [2]string{"code_challenge_method", x.challenge})
	}
	page, err := url.Parse(x.issuer.endpoints.login)
	if err != nil || page.Host == "" {
		x.refuse(500, "oidc.no_login_url")
		return
	}
	values := page.Query()
	for _, p := range append(parameters, x.further...) {
		values.Set(p[0], p[1])
	}
	page.RawQuery = values.Encode()
	name := x.cookies.csrfName(hash)
	x.addCookies(x.cookies.set(name, x.cookies.seal(name, attempt.encode(), x.now), x.outerHost(), x.now.Add(x.cookies.csrfLife)))
	x.send(page.String(), "oidc.login")
}

// signOut ends the session here, and at the provider if the browser is sent to its logout page (OpenID Connect
// RP-Initiated Logout 1.0, section 2).
func (x *exchange) signOut() {
	target := x.target()
	value, present := sessionCookie(x.headers, x.cookies.name)
	x.present = present
	s, err := x.open(value)
	if err == nil && s.idToken != "" {
		target = x.withHint(target, s.idToken)
	}
	x.forget()
	x.send(target, "oidc.sign_out")
}

// withHint tells the provider, and nobody else, whose session ends.
func (x *exchange) withHint(target, idToken string) string {
	u, ok := parseURL(target)
	if !ok || !x.isProvider(u) || len(idToken) > consumers.MaxCredential {
		return target
	}
	divider := "?"
	if u.RawQuery != "" || u.Fragment != "" {
		divider = "&"
	}
	return target + divider + "id_token_hint=" + url.QueryEscape(idToken)
}
