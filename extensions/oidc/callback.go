package main

import (
	"net/url"
	"strconv"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Details of refusals at the callback.
const (
	invalidLogin  = "Invalid authentication via OAuth2"
	mismatch      = invalidLogin + ": CSRF token mismatch, potential attack"
	badCSRFCookie = invalidLogin + ". Error while loading CSRF cookie: "
)

// callback ends a login: the browser brings a code from the provider (RFC 6749, section 4.1.2). Everything that can be
// checked is checked before the code is spent.
func (x *exchange) callback() {
	values, several := x.answer()
	if failure := values["error"]; failure != "" {
		x.refuse(403, "Error while parsing OAuth2 callback: "+printable(failure, 200))
		return
	}
	hash, target, err := x.parseState(values["state"])
	if x.cookies.csrfPerRequest && (err != nil || several) {
		x.refuse(403, badCSRFCookie+"there is no state to tell which")
		return
	}
	name := x.cookies.csrfName(hash)
	begun, err2 := x.openAttempt(name)
	if err2 != nil {
		x.refuse(403, badCSRFCookie+err2.Error())
		return
	}
	if err != nil || several {
		x.refuse(403, invalidLogin+": "+errState.Error())
		return
	}
	if !isHashOf(hash, begun.state) || x.spent.Has(x.spent.Digest(hash)) {
		x.refuse(403, mismatch)
		return
	}
	code := values["code"]
	if code == "" {
		x.refuse(500, "Error redeeming code during OAuth2 callback: missing code")
		return
	}
	x.redeem(code, begun, func(g *grant) {
		x.spent.Add(x.spent.Digest(hash))
		x.addCookies(x.cookies.expired(name, x.outerHost(), x.now))
		x.establish(g, begun, target)
	})
}

// answer reads the provider's parameters. several tells that one is there twice, which no provider does (RFC 6749, section
// 3.1).
func (x *exchange) answer() (values map[string]string, several bool) {
	values = map[string]string{}
	for _, p := range query.Params(x.path) {
		switch p.Name {
		case "error", "state", "code":
			_, twice := values[p.Name]
			several = several || twice
			if !twice {
				values[p.Name] = p.Value
			}
		}
	}
	return values, several
}

// openAttempt reads the cookie of the login that this browser has begun.
func (x *exchange) openAttempt(name string) (*attempt, error) {
	value, ok := cookie.First(x.headers, name)
	if !ok {
		return nil, errNoCookie
	}
	content, err := x.cookies.open(name, value, x.now, x.cookies.csrfLife)
	if err != nil {
		return nil, err
	}
	return decodeAttempt(content)
}

// redeem exchanges the code for tokens (RFC 6749, section 4.1.3).
func (x *exchange) redeem(code string, begun *attempt, next func(*grant)) {
	form := url.Values{
		"redirect_uri":  {x.redirect.of(x)},
		"client_id":     {x.id},
		"client_secret": {x.secret},
		"code":          {code},
		"grant_type":    {"authorization_code"},
	}
	if begun.verifier != "" && x.kind != aliyun {
		form.Set("code_verifier", begun.verifier)
	}
	err := x.askToken(form, func(status int, _ wrapper.Header, body []byte) {
		x.redeemed(status, body, next)
	})
	if err != nil {
		log.Error("the token endpoint cannot be asked: " + err.Error())
		x.refuse(503, "oidc.token_call_failed")
	}
}

func (x *exchange) redeemed(status int, body []byte, next func(*grant)) {
	g, err := parseGrant(x.kind, body)
	switch {
	case err == nil:
		next(g)
	case status >= 502 && status <= 504:
		x.refuse(502, "oidc.token_call_failed: status "+strconv.Itoa(status))
	default:
		x.refuse(500, "Error redeeming code during OAuth2 callback: "+err.Error())
	}
}

// askToken calls the token endpoint.
func (c *client) askToken(form url.Values, answered wrapper.ResponseCallback) error {
	return c.service.Post(c.issuer.endpoints.token, [][2]string{
		{"content-type", "application/x-www-form-urlencoded"},
		{"accept", "application/json"},
	}, []byte(form.Encode()), answered, c.redeemTimeout)
}

// establish makes a session of a login's tokens, once they are found good.
func (x *exchange) establish(g *grant, begun *attempt, target string) {
	s := &session{nonce: begun.nonce}
	g.apply(s, x.now)
	if x.kind == github && !g.limited {
		s.expires = x.cookies.until(x.now)
	}
	x.judgeLogin(s, func() {
		if !x.allowed(s) {
			x.cookie = nil
			x.refuse(403, invalidLogin+": unauthorized")
			return
		}
		_, x.present = sessionCookie(x.headers, x.cookies.name)
		if !x.keep(s) {
			return
		}
		if !x.isTarget(target) {
			target = "/"
		}
		x.send(target, "oidc.callback")
	})
}

// judgeLogin goes on if the tokens of a new session are good, and refuses otherwise.
func (x *exchange) judgeLogin(s *session, next func()) {
	switch x.kind {
	case github:
		x.validate(s, func(valid bool) {
			if !valid {
				x.cookie = nil
				x.refuse(403, "Session validation failed: "+s.summary())
				return
			}
			next()
		})
	case aliyun:
		claims, err := x.aliyunClaims(s.idToken)
		if err != nil {
			x.failLogin(err)
			return
		}
		x.claims.fill(s, claims)
		x.nextIfUnexpired(s, next)
	default:
		if s.idToken == "" {
			x.failLogin(errNoIDToken)
			return
		}
		x.verifyLogin(s, next)
	}
}

func (x *exchange) nextIfUnexpired(s *session, next func()) {
	if !s.expires.IsZero() && !x.now.Before(s.expires) {
		x.cookie = nil
		x.refuse(403, "Session validation failed: "+s.summary())
		return
	}
	next()
}
