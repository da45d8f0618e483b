package main

import (
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

// maxAnswer is the longest answer of a provider that is looked at, in bytes.
const maxAnswer = 1 << 20

// grant is an answer of the token endpoint (RFC 6749, section 5.1).
type grant struct {
	accessToken, idToken, refreshToken string
	life                               time.Duration // of the access token
	limited                            bool          // there is a life
}

// What is wrong with an answer of the token endpoint. No error holds any of it but the provider's error code.
var (
	errAnswerTooLong   = errors.New("the token endpoint's answer is too long")
	errAnswerForm      = errors.New("invalid JSON format in response body")
	errNoAccessToken   = errors.New("oauth2: server response missing access_token")
	errNoAccessGithub  = errors.New("no access token found")
	errNoIDToken       = errors.New("token response did not contain an id_token")
	errNoIDTokenAliyun = errors.New("id_token not found")
)

// parseGrant reads an answer, in JSON or form-encoded, whatever its status is.
func parseGrant(k kind, body []byte) (*grant, error) {
	if len(body) > maxAnswer {
		return nil, errAnswerTooLong
	}
	g, err := parseJSONGrant(string(body))
	if err != nil {
		g, err = parseFormGrant(string(body))
	}
	if err != nil {
		return nil, err
	}
	if g.accessToken == "" && k == github {
		return nil, errNoAccessGithub
	}
	if g.accessToken == "" {
		return nil, errNoAccessToken
	}
	return g, nil
}

func parseJSONGrant(text string) (*grant, error) {
	o, ok := jwt.ParseObject(text)
	if !ok {
		return nil, errAnswerForm
	}
	g := &grant{}
	g.accessToken = textOf(o, "access_token")
	g.idToken = textOf(o, "id_token")
	g.refreshToken = textOf(o, "refresh_token")
	life := o.Get("expires_in")
	if life.Type == gjson.Number || life.Type == gjson.String {
		g.setLife(life.String())
	}
	return g, nil
}

func parseFormGrant(text string) (*grant, error) {
	form, err := url.ParseQuery(text)
	if err != nil || form.Get("access_token") == "" && form.Get("error") == "" {
		return nil, errAnswerForm
	}
	g := &grant{accessToken: form.Get("access_token"), idToken: form.Get("id_token"), refreshToken: form.Get("refresh_token")}
	g.setLife(form.Get("expires_in"))
	return g, nil
}

// setLife reads seconds, some providers write them as a text or with a fraction. What is no number, or not more than none,
// tells no life: a token that is expired when it comes is nothing that a provider would issue.
func (g *grant) setLife(text string) {
	const most = 100 * 365 * 24 * 3600
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) {
		return
	}
	if life := time.Duration(min(seconds, most) * float64(time.Second)); life > 0 {
		g.life, g.limited = life, true
	}
}

// apply renews a session.
func (g *grant) apply(s *session, now time.Time) {
	s.accessToken, s.created, s.expires = g.accessToken, now, time.Time{}
	if g.limited {
		s.expires = now.Add(g.life)
	}
	if g.idToken != "" {
		s.idToken = g.idToken
	}
	if g.refreshToken != "" {
		s.refreshToken = g.refreshToken
	}
}
