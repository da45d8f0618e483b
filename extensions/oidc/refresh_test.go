package main

import (
	"strings"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// passing expects a request to have passed, and returns the cookie that its response sets, and the session in it.
func (g gateway) passing(stream uint32) (cookie string, s *session) {
	g.Helper()
	require.Nil(g, g.GetSentLocalResponse(stream))
	require.Equal(g, types.ActionContinue, g.GetCurrentHttpStreamAction(stream))
	g.CallOnResponseHeaders(stream, [][2]string{{":status", "200"}}, false)
	lines := g.setCookies(stream)
	require.Len(g, lines, 1)
	cookie, _, _ = strings.Cut(lines[0], ";")
	name := g.client.cookies.name
	content, err := g.client.cookies.open(name, strings.TrimPrefix(cookie, name+"="), time.Now(), 0)
	require.NoError(g, err)
	s, err = decodeSession(content)
	require.NoError(g, err)
	return cookie, s
}

// asked expects one call, for a refresh with that token.
func (g gateway) asked(token string) {
	g.Helper()
	require.Len(g, g.calls(), 1)
	require.Equal(g, "client_id=shop-web&client_secret=s3cr3t&grant_type=refresh_token&refresh_token="+token, string(g.calls()[0].Body))
}

// advancing is a gateway whose clock the test advances, and the cookie of a session that is due to be refreshed.
func advancing(t *testing.T, further string) (g gateway, now *time.Time, cookie string) {
	g = start(t, further)
	g.giveKeys()
	began := time.Now()
	now = &began
	g.inForce().clock = func() time.Time { return *now }
	old := began.Add(-5 * time.Minute)
	return g, now, g.cookieOf(running(t, old, "a"), old)
}

func TestTokensOfAFewSecondsAreRefreshedWithTheSameRefreshToken(t *testing.T) {
	inSeconds := func(t *testing.T) string { return idToken(t, time.Now().Add(3*time.Second-time.Hour), `{}`) }
	for name, answer := range map[string]func(*testing.T) string{
		"an access token": func(*testing.T) string { return `{"access_token": "one", "expires_in": 3}` },
		"an ID token":     func(t *testing.T) string { return `{"access_token": "one", "id_token": "` + inSeconds(t) + `"}` },
		"an access token, with the same refresh token": func(*testing.T) string {
			return `{"access_token": "one", "expires_in": 3, "refresh_token": "a"}`
		},
	} {
		test.RunGoTest(t, func(t *testing.T) {
			t.Run(name, func(t *testing.T) {
				g, now, cookie := advancing(t, `{}`)
				stream, _ := g.request("/", cookie)
				g.asked("a")
				g.answer(0, "200", answer(t))
				first, s := g.passing(stream)
				assert.Equal(t, "one", s.accessToken)

				*now = now.Add(time.Second)
				stream, _ = g.request("/", first)
				require.Empty(t, g.calls(), "not at once again")
				_, s = g.passing(stream)
				assert.Equal(t, "one", s.accessToken)

				*now = now.Add(4 * time.Second)
				stream, _ = g.request("/", first)
				g.asked("a")
				g.answer(0, "200", `{"access_token": "two", "id_token": "`+idToken(t, *now, `{}`)+`", "expires_in": 3}`)
				_, s = g.passing(stream)
				assert.Equal(t, "two", s.accessToken)

				*now = now.Add(2 * time.Second)
				for _, older := range []string{cookie, first} {
					stream, _ = g.request("/", older)
					require.Empty(t, g.calls(), "it serves older sessions, too")
					_, s = g.passing(stream)
					assert.Equal(t, "two", s.accessToken)
				}

				*now = now.Add(2 * time.Second)
				stream, _ = g.request("/", cookie)
				g.asked("a")
				g.answer(0, "200", `{"access_token": "three"}`)
				_, s = g.passing(stream)
				assert.Equal(t, "three", s.accessToken)
			})
		})
	}
}

func TestAClientThatMissedARefreshIsServedByTheTokenThatItBrought(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g, now, cookie := advancing(t, `{"pass_access_token": true}`)
		g.request("/", cookie)
		g.asked("a")
		g.answer(0, "200", `{"access_token": "one", "refresh_token": "b", "expires_in": 3}`)

		*now = now.Add(4 * time.Second)
		stream, _ := g.request("/", cookie)
		g.asked("b")
		g.answer(0, "200", `{"access_token": "two", "refresh_token": "c", "expires_in": 3}`)
		_, s := g.passing(stream)
		assert.Equal(t, "two c", s.accessToken+" "+s.refreshToken)

		*now = now.Add(4 * time.Second)
		stream, _ = g.request("/", cookie)
		g.asked("c")
		g.answer(0, "400", `{"error": "invalid_grant"}`)
		require.Nil(t, g.GetSentLocalResponse(stream), "its own tokens are still valid")
		assert.Equal(t, types.ActionContinue, g.GetCurrentHttpStreamAction(stream))
		assert.True(t, test.HasHeaderWithValue(g.GetCurrentRequestHeaders(stream), "x-forwarded-access-token", "at-a"))
		g.CallOnResponseHeaders(stream, [][2]string{{":status", "200"}}, false)
		assert.Empty(t, g.setCookies(stream))
	})
}

func TestARefreshTokenThatComesBackIsNoCircle(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g, now, cookie := advancing(t, `{}`)
		for _, token := range []string{"a", "b"} {
			g.request("/", cookie)
			g.asked(token)
			g.answer(0, "200", `{"access_token": "x", "refresh_token": "`+map[string]string{"a": "b", "b": "a"}[token]+`", "expires_in": 3}`)
			*now = now.Add(4 * time.Second)
		}
		stream, _ := g.request("/", cookie)
		g.asked("a")
		g.answer(0, "200", `{"access_token": "three"}`)
		_, s := g.passing(stream)
		assert.Equal(t, "three", s.accessToken)
	})
}

func TestSessionsAreRefreshedMoreThanOnceAMinute(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g, now, cookie := advancing(t, `{"cookie_refresh": "20s"}`)
		for _, token := range []string{"one", "two"} {
			stream, _ := g.request("/", cookie)
			g.asked("a")
			g.answer(0, "200", `{"access_token": "`+token+`"}`)
			var s *session
			cookie, s = g.passing(stream)
			assert.Equal(t, token, s.accessToken)
			*now = now.Add(21 * time.Second)
		}
	})
}
