package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

func TestGrants(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       grant
		err        error
	}{
		{"all", `{"access_token": "a", "id_token": "i", "refresh_token": "r", "expires_in": 60}`, grant{"a", "i", "r", time.Minute, true}, nil},
		{"a life as a text", `{"access_token": "a", "expires_in": "60"}`, grant{accessToken: "a", life: time.Minute, limited: true}, nil},
		{"no life", `{"access_token": "a"}`, grant{accessToken: "a"}, nil},
		{"a life of nonsense", `{"access_token": "a", "expires_in": [1]}`, grant{accessToken: "a"}, nil},
		{"a life that is negative", `{"access_token": "a", "expires_in": -1}`, grant{accessToken: "a"}, nil},
		{"a life of nothing", `{"access_token": "a", "expires_in": 0}`, grant{accessToken: "a"}, nil},
		{"a life of nothing as a text", `{"access_token": "a", "expires_in": "0.0"}`, grant{accessToken: "a"}, nil},
		{"a life of nothing, form-encoded", "access_token=a&expires_in=0", grant{accessToken: "a"}, nil},
		{"a life of less than a nanosecond", `{"access_token": "a", "expires_in": 1e-10}`, grant{accessToken: "a"}, nil},
		{"a life with a fraction", `{"access_token": "a", "expires_in": 0.5}`, grant{accessToken: "a", life: time.Second / 2, limited: true}, nil},
		{"a life for ever", `{"access_token": "a", "expires_in": 1e300}`, grant{accessToken: "a", life: 100 * 365 * 24 * time.Hour, limited: true}, nil},
		{"a life that is no number", `{"access_token": "a", "expires_in": "NaN"}`, grant{accessToken: "a"}, nil},
		{"form-encoded", "access_token=a%20b&id_token=i&expires_in=60&scope=", grant{accessToken: "a b", idToken: "i", life: time.Minute, limited: true}, nil},
		{"an error", `{"error": "invalid_grant"}`, grant{}, errNoAccessToken},
		{"an error, form-encoded", "error=bad", grant{}, errNoAccessToken},
		{"a number as token", `{"access_token": 1}`, grant{}, errNoAccessToken},
		{"a member twice", `{"access_token": "a", "access_token": "b"}`, grant{}, errAnswerForm},
		{"a page", "<html>", grant{}, errAnswerForm},
		{"nothing", "", grant{}, errAnswerForm},
		{"a list", "[]", grant{}, errAnswerForm},
		{"too much", `{"access_token": "a"}` + strings.Repeat(" ", maxAnswer), grant{}, errAnswerTooLong},
	} {
		g, err := parseGrant(oidc, []byte(tt.body))
		assert.Equal(t, tt.err, err, tt.name)
		if err == nil {
			assert.Equal(t, tt.want, *g, tt.name)
		}
	}
	_, err := parseGrant(github, []byte(`{}`))
	assert.Equal(t, errNoAccessGithub, err)
}

func TestIDTokens(t *testing.T) {
	now := time.Unix(1_770_000_000, 0)
	for _, tt := range []struct {
		name, config, claims string
		err                  error
	}{
		{"a good one", `{}`, `{}`, nil},
		{"in its last second", `{}`, `{"exp": 1770000000}`, nil},
		{"expired", `{}`, `{"exp": 1769999999}`, errExpired},
		{"without an end", `{}`, `{"exp": null}`, errExpired},
		{"an end that is a text", `{}`, `{"exp": "1770000600"}`, jwt.ErrTime},
		{"valid in five minutes", `{}`, `{"nbf": 1770000300}`, nil},
		{"valid later", `{}`, `{"nbf": 1770000301}`, errNotYet},
		{"several audiences", `{}`, `{"aud": ["x", "shop-web"]}`, nil},
		{"another audience", `{}`, `{"aud": "shop"}`, errAudience},
		{"no audience", `{}`, `{"aud": null}`, errAudience},
		{"an audience of nonsense", `{}`, `{"aud": [1]}`, jwt.ErrClaimType},
		{"an extra audience", `{"oidc_extra_audiences": ["api"]}`, `{"aud": "api"}`, nil},
		{"a claim of its own, as a text", `{"oidc_audience_claims": ["client", "aud"]}`, `{"client": "shop-web", "aud": "x"}`, nil},
		{"the first that is there counts", `{"oidc_audience_claims": ["client", "aud"]}`, `{"client": "x"}`, errAudience},
		{"an issuer with a slash", `{}`, `{"iss": "` + issuerURL + `/"}`, errIssuer},
		{"no issuer", `{}`, `{"iss": null}`, errIssuer},
		{"any issuer", `{"insecure_oidc_skip_issuer_verification": true}`, `{"iss": "x"}`, nil},
		{"Google's without scheme", `{"oidc_issuer_url": "https://accounts.google.com"}`, `{"iss": "accounts.google.com"}`, nil},
	} {
		_, err := load(t, tt.config).parseIDToken(idToken(t, now, tt.claims), now)
		assert.Equal(t, tt.err, err, tt.name)
	}
}

func TestNonces(t *testing.T) {
	now, secret := time.Now(), []byte("secret")
	strict, lax := load(t, `{"insecure_oidc_skip_nonce": false}`), load(t, `{}`)
	for _, tt := range []struct {
		name   string
		client *client
		claims string
		login  bool
		err    error
	}{
		{"the login's", strict, `{"nonce": "` + hashed(secret) + `"}`, true, nil},
		{"another", strict, `{"nonce": "x"}`, true, errNonce},
		{"none", strict, `{}`, true, errNonce},
		{"a number", strict, `{"nonce": 1}`, false, errNonce},
		{"none after a refresh", strict, `{}`, false, nil},
		{"another after a refresh", strict, `{"nonce": "x"}`, false, errNonce},
		{"not looked at", lax, `{"nonce": "x"}`, true, nil},
	} {
		token, err := jwt.Parse(idToken(t, now, tt.claims))
		require.NoError(t, err)
		assert.Equal(t, tt.err, tt.client.checkNonceOf(token.Claims, secret, tt.login), tt.name)
	}
}

func TestAlgorithms(t *testing.T) {
	i := load(t, `{}`).issuer
	for algorithm, want := range map[jwt.Algorithm]bool{jwt.RS256: true, jwt.ES256: false, jwt.HS256: false} {
		assert.Equal(t, want, i.signs(algorithm), algorithm)
	}
	i.algorithms = []string{"ES256", "HS256", "none"}
	for algorithm, want := range map[jwt.Algorithm]bool{jwt.RS256: false, jwt.ES256: true, jwt.HS256: false, "none": true} {
		assert.Equal(t, want, i.signs(algorithm), algorithm) // a token with none is not even parsed
	}
}

// discovering is an issuer whose service and clock are the test's.
func discovering(t *testing.T) (*issuer, *service, *time.Time) {
	t.Helper()
	i := load(t, `{"skip_oidc_discovery": false, "verifier_interval": "1s"}`).issuer
	now, idp := noon, &service{}
	clock := func() time.Time { return now }
	i.clock, i.discovery.clock, i.keyFetch.clock, i.service = clock, clock, clock, idp
	return i, idp, &now
}

func metadata(issuer string) string {
	return `{"issuer": "` + issuer + `", "authorization_endpoint": "https://a.test/auth", "token_endpoint": "https://a.test/token",
		"jwks_uri": "https://a.test/keys", "id_token_signing_alg_values_supported": ["RS256"]}`
}

func TestDiscovery(t *testing.T) {
	i, idp, now := discovering(t)
	i.tick()
	i.tick()
	require.Len(t, idp.calls, 1, "one call at a time")
	assert.Equal(t, issuerURL+"/.well-known/openid-configuration", idp.calls[0].url)
	assert.Equal(t, uint32(2000), idp.calls[0].timeout)
	idp.calls[0].answer(200, nil, []byte(metadata(issuerURL)))
	require.NotNil(t, i.endpoints)
	assert.Equal(t, "https://a.test/token", i.endpoints.token)
	require.Len(t, idp.calls, 2, "the keys come next")
	assert.Equal(t, "https://a.test/keys", idp.calls[1].url)
	idp.calls[1].answer(200, nil, []byte(published()))
	assert.NotNil(t, i.keys)
	*now = now.Add(time.Hour - time.Second)
	i.tick()
	assert.Len(t, idp.calls, 2, "too early")
	*now = now.Add(time.Second)
	i.tick()
	assert.Len(t, idp.calls, 4, "both are refreshed")
	idp.calls[2].answer(500, nil, nil)
	idp.calls[3].answer(200, nil, []byte(`{"keys": []}`))
	assert.NotNil(t, i.endpoints, "what was known stays")
	assert.NotNil(t, i.keys)
}

func TestDiscoveryThatFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
	}{
		{"an error", 500, metadata(issuerURL)},
		{"a redirect", 302, ""},
		{"a timeout", 504, "upstream request timeout"},
		{"a page", 200, "<html>"},
		{"another issuer", 200, metadata(issuerURL + "/")},
		{"no endpoints", 200, `{"issuer": "` + issuerURL + `"}`},
		{"endpoints of nonsense", 200, strings.Replace(metadata(issuerURL), "https://a.test/token", "javascript:x", 1)},
		{"an endpoint with a line break", 200, strings.Replace(metadata(issuerURL), "a.test/token", `a.test/\r\nx`, 1)},
		{"a member twice", 200, strings.Replace(metadata(issuerURL), "{", `{"issuer": "x",`, 1)},
		{"too much", 200, metadata(issuerURL) + strings.Repeat(" ", maxAnswer)},
	} {
		i, idp, now := discovering(t)
		rest := time.Duration(0)
		for attempt := range 12 {
			i.tick()
			require.Len(t, idp.calls, attempt+1, tt.name)
			idp.calls[attempt].answer(tt.status, nil, []byte(tt.body))
			assert.Nil(t, i.endpoints, tt.name)
			assert.True(t, i.discovery.resting())
			rest = i.discovery.next.Sub(*now)
			if attempt < patience {
				assert.Equal(t, time.Second, rest, "%s: attempt %d", tt.name, attempt)
			}
			*now = now.Add(rest)
		}
		assert.Equal(t, time.Minute, rest, tt.name)
		i.tick()
		idp.calls[12].answer(200, nil, []byte(metadata(issuerURL)))
		assert.NotNil(t, i.endpoints, "it works in the end")
	}
}

func TestACallThatCannotBeMade(t *testing.T) {
	i, idp, _ := discovering(t)
	idp.refuses = errors.New("no such cluster")
	i.tick()
	assert.True(t, i.discovery.resting())
	assert.False(t, i.discovery.asking)
	assert.False(t, i.discovery.await(func() { t.Error("nobody wakes who does not wait") }))
}

func TestRefreshesThatAreRememberedAreBounded(t *testing.T) {
	c := load(t, `{}`)
	for i := range memory + 10 {
		r := c.grants.of(&session{refreshToken: strings.Repeat("x", i)}, oidc, noon)
		r.began, r.over, r.grant = noon, noon, &grant{}
	}
	assert.Len(t, c.grants.list, memory)
	c.grants.of(&session{refreshToken: "another"}, oidc, noon.Add(2*grantKept))
	assert.Len(t, c.grants.list, 1, "those of before are forgotten")
}

func TestARefreshThatCannotBeStartedIsOver(t *testing.T) {
	c := load(t, `{}`)
	c.service = &service{refuses: errors.New("no such cluster")}
	r := c.grants.of(&session{refreshToken: "a"}, oidc, noon)
	r.start(c, nil)
	assert.True(t, r.ended())
	assert.Nil(t, r.grant)
}

func TestKeyFetchesOfRequestsAreLimited(t *testing.T) {
	var b bucket
	for range 5 {
		assert.True(t, b.take(noon))
	}
	assert.False(t, b.take(noon.Add(9*time.Second)))
	assert.True(t, b.take(noon.Add(10*time.Second)))
	assert.False(t, b.take(noon.Add(11*time.Second)))
}

func TestVerifiers(t *testing.T) {
	verifier := newVerifier()
	assert.Len(t, verifier, verifierLength)
	assert.Empty(t, strings.Trim(verifier, unreserved))
	assert.NotEqual(t, verifier, newVerifier())
	// RFC 7636, appendix B.
	text, err := challenge("S256", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
	require.NoError(t, err)
	assert.Equal(t, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", text)
	_, err = challenge("S512", "x")
	assert.EqualError(t, err, "unknown challenge method: S512")
}

var _ wrapper.HttpClient = (*service)(nil)

func FuzzGrant(f *testing.F) {
	for _, body := range []string{`{"access_token": "a", "expires_in": 1e999}`, "access_token=a&expires_in=%zz", "{", "", "[]", `{"expires_in": "-"}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		g, err := parseGrant(oidc, body)
		if err == nil && (g.accessToken == "" || g.life < 0 || g.life > 101*365*24*time.Hour) {
			t.Fatalf("%q gives %+v", body, g)
		}
	})
}

func FuzzIDToken(f *testing.F) {
	c := load(f, `{}`)
	f.Add(idToken(f, noon, `{}`))
	f.Add(idToken(f, noon, `{"aud": [], "exp": -1e300}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := c.parseIDToken(text, noon)
		if err == nil && (token.Algorithm != jwt.RS256 || textOf(token.Claims, "iss") != issuerURL || expiresBy(text, noon)) {
			t.Fatalf("%q is accepted", text)
		}
	})
}

func FuzzState(f *testing.F) {
	encoded, plain := load(f, `{"encode_state": true}`), load(f, `{}`)
	for _, text := range []string{"", ":", "a:/b:c", "YTovYg", "YTovYg==", "%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []*client{encoded, plain} {
			hash, target, err := c.parseState(text)
			if err != nil {
				continue
			}
			again, same, err := c.parseState(c.state(hash, target))
			if err != nil || again != hash || same != target || hash == "" {
				t.Fatalf("%q", text)
			}
		}
	})
}
