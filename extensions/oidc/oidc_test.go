package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// running is a session of a user, whose tokens are good for an hour.
func running(t *testing.T, created time.Time, refreshToken string) *session {
	return &session{created: created, accessToken: "at-" + refreshToken, idToken: idToken(t, time.Now(), `{}`), refreshToken: refreshToken}
}

func TestAValidSessionPassesAndNothingIsAsked(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		g.giveKeys()
		s := running(t, time.Now(), "a")
		stream, action := g.request("/", g.cookieOf(s, time.Now()))
		assert.Equal(t, types.ActionContinue, action)
		assert.Empty(t, g.calls())
		assert.True(t, test.HasHeaderWithValue(g.GetCurrentRequestHeaders(stream), "authorization", "Bearer "+s.idToken))
		g.CallOnResponseHeaders(stream, [][2]string{{":status", "200"}}, false)
		assert.Empty(t, g.setCookies(stream))
	})
}

func TestTwoUsersAreRefreshedAtTheSameTime(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		g.giveKeys()
		old := time.Now().Add(-5 * time.Minute)
		ann, held := g.request("/", g.cookieOf(running(t, old, "ann"), old))
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, held)
		bob, _ := g.request("/", g.cookieOf(running(t, old, "bob"), old))
		require.Len(t, g.calls(), 2)
		assert.Equal(t, "client_id=shop-web&client_secret=s3cr3t&grant_type=refresh_token&refresh_token=ann", string(g.calls()[0].Body))
		g.answer(1, "200", `{"access_token": "new-bob"}`)
		assert.Equal(t, types.ActionContinue, g.GetCurrentHttpStreamAction(bob))
		assert.NotEqual(t, types.ActionContinue, g.GetCurrentHttpStreamAction(ann))
		g.answer(0, "200", `{"access_token": "new-ann"}`)
		for stream, want := range map[uint32]string{ann: "new-ann", bob: "new-bob"} {
			assert.Equal(t, types.ActionContinue, g.GetCurrentHttpStreamAction(stream))
			g.CallOnResponseHeaders(stream, [][2]string{{":status", "200"}}, false)
			lines := g.setCookies(stream)
			require.Len(t, lines, 1)
			value, _, _ := strings.Cut(strings.TrimPrefix(lines[0], "_oauth2_proxy="), ";")
			content, err := g.client.cookies.open("_oauth2_proxy", value, time.Now(), 0)
			require.NoError(t, err)
			s, err := decodeSession(content)
			require.NoError(t, err)
			assert.Equal(t, want, s.accessToken)
			assert.Equal(t, "new-"+s.refreshToken, want, "no new refresh token: the old one stays")
		}
	})
}

func TestRequestsOfOneSessionShareARefresh(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		g.giveKeys()
		old := time.Now().Add(-5 * time.Minute)
		cookie := g.cookieOf(running(t, old, "a"), old)
		left, _ := g.request("/", cookie)
		stays, held := g.request("/", cookie)
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, held)
		require.Len(t, g.calls(), 1)
		g.CompleteHttpContext(left) // the client that caused it leaves
		require.Len(t, g.calls(), 1, "the call goes on")
		g.answer(0, "200", `{"access_token": "new", "refresh_token": "b"}`)
		assert.Equal(t, types.ActionContinue, g.GetCurrentHttpStreamAction(stays))
		late, action := g.request("/", cookie)
		assert.Equal(t, types.ActionContinue, action, "the answer is remembered")
		assert.Empty(t, g.calls())
		for _, stream := range []uint32{stays, late} {
			g.CallOnResponseHeaders(stream, [][2]string{{":status", "200"}}, false)
			assert.Len(t, g.setCookies(stream), 1)
		}
	})
}

func TestARefreshThatFails(t *testing.T) {
	for _, tt := range []struct {
		name    string
		expires time.Duration
		headers [][2]string
		body    string
		passes  bool
	}{
		{"with valid tokens", time.Hour, [][2]string{{":status", "400"}}, `{"error": "invalid_grant"}`, true},
		{"with an expired token", -time.Second, [][2]string{{":status", "400"}}, `{"error": "invalid_grant"}`, false},
		{"a timeout, with valid tokens", time.Hour, [][2]string{{":status", "504"}}, "upstream request timeout", true},
		{"no answer at all, with valid tokens", time.Hour, nil, "", true},
		{"no answer at all, with an expired token", -time.Second, nil, "", false},
		{"a bad ID token", time.Hour, [][2]string{{":status", "200"}}, `{"access_token": "x", "id_token": "x.y.z"}`, true},
	} {
		test.RunGoTest(t, func(t *testing.T) {
			t.Run(tt.name, func(t *testing.T) {
				g := start(t, `{}`)
				g.giveKeys()
				old := time.Now().Add(-5 * time.Minute)
				s := running(t, old, "a")
				s.expires = time.Now().Add(tt.expires)
				cookie := g.cookieOf(s, old)
				stream, _ := g.request("/", cookie)
				require.Len(t, g.calls(), 1)
				g.CallOnHttpCallResponse(g.calls()[0].CalloutID, tt.headers, nil, []byte(tt.body))
				reply := g.GetSentLocalResponse(stream)
				if tt.passes {
					assert.Nil(t, reply)
					assert.Equal(t, types.ActionContinue, g.GetCurrentHttpStreamAction(stream))
				} else {
					require.NotNil(t, reply)
					assert.Equal(t, uint32(302), reply.StatusCode)
				}
				_, action := g.request("/", cookie)
				assert.Equal(t, tt.passes, action == types.ActionContinue)
				assert.Empty(t, g.calls(), "it is not tried again at once")
			})
		})
	}
}

func TestSessionsOfOtherTimes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		session session
		sealed  time.Duration // before now
		config  string
		passes  bool
	}{
		{"a cookie of 25 hours", session{}, 25 * time.Hour, `{}`, false},
		{"without an end", session{}, 25 * time.Hour, `{"cookie_expire": "0s"}`, true},
		{"from the future", session{}, -10 * time.Minute, `{}`, false},
		{"an access token that has ended", session{expires: time.Now().Add(-time.Second)}, 0, `{}`, false},
		{"old, but without refresh token", session{created: time.Now().Add(-time.Hour)}, time.Hour, `{}`, true},
		{"old, and never refreshed", session{created: time.Now().Add(-time.Hour), refreshToken: "a"}, time.Hour, `{"cookie_refresh": "0s"}`, true},
		{"without an ID token", session{idToken: "x"}, 0, `{}`, false},
	} {
		test.RunGoTest(t, func(t *testing.T) {
			t.Run(tt.name, func(t *testing.T) {
				g := start(t, tt.config)
				g.giveKeys()
				s := tt.session
				if s.idToken == "" {
					s.idToken = idToken(t, time.Now(), `{}`)
				}
				stream, action := g.request("/", g.cookieOf(&s, time.Now().Add(-tt.sealed)))
				assert.Equal(t, tt.passes, action == types.ActionContinue)
				if reply := g.GetSentLocalResponse(stream); !tt.passes && assert.NotNil(t, reply) {
					assert.Equal(t, uint32(302), reply.StatusCode)
					assert.True(t, slices.ContainsFunc(reply.Headers, func(h [2]string) bool {
						return strings.EqualFold(h[0], "set-cookie") && strings.HasPrefix(h[1], "_oauth2_proxy=; ")
					}), "the cookie is cleared")
				}
				assert.Empty(t, g.calls())
			})
		})
	}
}

func TestKeysAreFetchedOnceForAllWhoWait(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		cookie := g.cookieOf(running(t, time.Now(), "a"), time.Now())
		first, held := g.request("/", cookie)
		require.Equal(t, types.HeaderStopAllIterationAndWatermark, held)
		second, _ := g.request("/", cookie)
		require.Len(t, g.calls(), 1)
		g.answer(0, "200", published())
		for _, stream := range []uint32{first, second} {
			assert.Equal(t, types.ActionContinue, g.GetCurrentHttpStreamAction(stream))
		}
	})
}

func TestKeysThatCannotBeHad(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		cookie := g.cookieOf(running(t, time.Now(), "a"), time.Now())
		first, _ := g.request("/", cookie)
		g.answer(0, "500", "")
		second, _ := g.request("/", cookie) // at once, while the next attempt is not due
		assert.Empty(t, g.calls())
		for _, stream := range []uint32{first, second} {
			reply := g.GetSentLocalResponse(stream)
			require.NotNil(t, reply)
			assert.Equal(t, uint32(503), reply.StatusCode)
			assert.Equal(t, "oidc.keys_unavailable", reply.StatusCodeDetail)
			for _, h := range reply.Headers {
				assert.NotEqual(t, "set-cookie", h[0], "the session is kept")
			}
		}
	})
}

func TestACallbackAfterAnHourIsNoLogin(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		g := start(t, `{}`)
		begun := newAttempt()
		c := g.client.cookies
		state := g.client.state(hashed(begun.state), "/")
		for age, status := range map[time.Duration]uint32{time.Minute: 0, 15 * time.Minute: 403} {
			cookie := "_oauth2_proxy_csrf=" + c.seal("_oauth2_proxy_csrf", begun.encode(), time.Now().Add(-age))
			stream, action := g.request("/oauth2/callback?code=x&state="+state, cookie)
			assert.Equal(t, types.HeaderStopAllIterationAndWatermark, action)
			reply := g.GetSentLocalResponse(stream)
			if status == 0 {
				assert.Nil(t, reply, "the code is being redeemed")
				continue
			}
			require.NotNil(t, reply)
			assert.Equal(t, status, reply.StatusCode)
			assert.Contains(t, reply.StatusCodeDetail, errCookieAge.Error())
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	const wasm = "../../build/oidc.raw.wasm"
	test.RunWasmTestWithPath(t, wasm, func(t *testing.T) {
		host := plugintest.Start(t, shop)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "app.shop.test"}, {":path", "/cart"}, {":method", "GET"}, {":scheme", "https"}})
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.Equal(t, uint32(302), reply.StatusCode)
		host.CompleteHttp()
	})
}
