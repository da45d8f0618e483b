package main

import (
	"encoding/base64"
	"errors"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

// session is who has logged in. Zero times are unknown.
type session struct {
	created, expires                   time.Time
	accessToken, idToken, refreshToken string
	nonce                              []byte
	email, user, preferred             string
	groups                             []string
}

// lapsed tells whether the session's tokens are expired.
func (s *session) lapsed(k kind, now time.Time) bool {
	return !s.expires.IsZero() && !now.Before(s.expires) || k == oidc && expiresBy(s.idToken, now)
}

var errContent = errors.New("its content cannot be read")

// encode writes the session as the cookie holds it. minimal leaves the tokens out.
func (s *session) encode(minimal bool) []byte {
	o := object{}
	o.time("ca", s.created)
	o.time("eo", s.expires)
	if !minimal {
		o.text("at", s.accessToken)
		o.text("it", s.idToken)
		o.text("rt", s.refreshToken)
	}
	o.text("n", base64.StdEncoding.EncodeToString(s.nonce))
	o.text("e", s.email)
	o.text("u", s.user)
	o.list("g", s.groups)
	o.text("pu", s.preferred)
	return o.bytes()
}

func decodeSession(content []byte) (*session, error) {
	o, ok := jwt.ParseObject(string(content))
	if !ok {
		return nil, errContent
	}
	s := &session{}
	for name, to := range map[string]*string{"at": &s.accessToken, "it": &s.idToken, "rt": &s.refreshToken,
		"e": &s.email, "u": &s.user, "pu": &s.preferred} {
		*to = textOf(o, name)
	}
	var err error
	if s.created, err = parseTime(o, "ca"); err != nil {
		return nil, err
	}
	if s.expires, err = parseTime(o, "eo"); err != nil {
		return nil, err
	}
	if s.nonce, err = parseBytes(o, "n"); err != nil {
		return nil, err
	}
	for _, group := range o.Get("g").Array() {
		s.groups = append(s.groups, group.String())
	}
	return s, nil
}

func parseTime(o jwt.Object, name string) (time.Time, error) {
	text, ok := o.Text(name)
	if !ok {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, errContent
	}
	return t, nil
}

func parseBytes(o jwt.Object, name string) ([]byte, error) {
	text := textOf(o, name)
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errContent
	}
	return bytes, nil
}

// summary is what the log and details may tell of a session.
func (s *session) summary() string {
	text := "Session{email:" + s.email + " user:" + s.user + " PreferredUsername:" + s.preferred
	for _, token := range []struct{ name, value string }{{"token", s.accessToken}, {"id_token", s.idToken}, {"refresh_token", s.refreshToken}} {
		if token.value != "" {
			text += " " + token.name + ":true"
		}
	}
	if !s.expires.IsZero() {
		text += " expires:" + s.expires.UTC().Format(time.RFC3339)
	}
	return printable(text+"}", 300)
}

// claimNames are the claims that tell who a user is.
type claimNames struct{ email, groups, user, preferred string }

// fill takes over what an ID token tells about its user; what it does not tell stays.
func (c *claimNames) fill(s *session, claims jwt.Object) {
	for name, to := range map[string]*string{c.email: &s.email, c.user: &s.user, c.preferred: &s.preferred} {
		if text, ok := claims.Text(name); ok {
			*to = text
		}
	}
	v := claims.Get(c.groups)
	if !v.Exists() {
		return
	}
	s.groups = nil
	if v.Type == gjson.String {
		s.groups = []string{v.String()}
	}
	for _, group := range items(v) {
		s.groups = append(s.groups, group.String())
	}
}

func items(v gjson.Result) []gjson.Result {
	if !v.IsArray() {
		return nil
	}
	return v.Array()
}

// allowed tells whether the user is in one of the groups.
func (c *client) allowed(s *session) bool {
	if c.allowedGroups == nil {
		return true
	}
	for _, group := range s.groups {
		if _, ok := c.allowedGroups[group]; ok {
			return true
		}
	}
	return false
}

// object writes a JSON object without its empty members.
type object struct{ members []byte }

func (o *object) name(name string) {
	if len(o.members) > 0 {
		o.members = append(o.members, ',')
	}
	o.members = append(append(append(o.members, '"'), name...), '"', ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.name(name)
		o.members = gjson.AppendJSONString(o.members, value)
	}
}

func (o *object) time(name string, value time.Time) {
	if !value.IsZero() {
		o.text(name, value.UTC().Format(time.RFC3339Nano))
	}
}

func (o *object) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	for i, value := range values {
		o.members = append(o.members, "[,"[min(i, 1)])
		o.members = gjson.AppendJSONString(o.members, value)
	}
	o.members = append(o.members, ']')
}

func (o *object) bytes() []byte {
	return append(append([]byte{'{'}, o.members...), '}')
}

// printable is a text for logs and details: no control characters, nothing that is not ASCII, not too long.
func printable(text string, most int) string {
	safe := make([]byte, 0, min(len(text), most))
	for i := 0; i < len(text) && len(safe) < most; i++ {
		c := text[i]
		if c < ' ' || c >= 0x7f {
			c = '?'
		}
		safe = append(safe, c)
	}
	if len(text) > most {
		return string(safe) + "... (" + strconv.Itoa(len(text)) + " bytes)"
	}
	return string(safe)
}

// textOf is a member that is a string, else "".
func textOf(o jwt.Object, name string) string {
	if text, ok := o.Text(name); ok {
		return text
	}
	return ""
}
