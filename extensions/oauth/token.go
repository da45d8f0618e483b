package main

import (
	"encoding/hex"
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

const (
	// tokenType is a token's typ (RFC 9068, section 2.1), with the prefix that media types have elsewhere.
	tokenType = "application/at+jwt"

	// anyRoute is the audience of tokens that are good on all routes.
	anyRoute = "default"
)

var tokenHeader = []byte(`{"alg":"HS256","typ":"` + tokenType + `"}`)

// issue makes a token of RFC 9068, signed with the client's secret.
func (a *authentication) issue(c *client, audience string, scope value) (string, error) {
	id, err := newID(a.random)
	if err != nil {
		return "", err
	}
	now := a.now().Unix()
	claims := make([]byte, 0, 256+len(scope.text))
	claims = appendText(claims, `{"iss":`, a.issuer)
	claims = appendText(claims, `,"sub":`, c.name)
	claims = appendText(claims, `,"aud":`, audience)
	claims = append(claims, `,"exp":`...)
	claims = strconv.AppendInt(claims, now+a.life, 10)
	claims = append(claims, `,"iat":`...)
	claims = strconv.AppendInt(claims, now, 10)
	claims = appendText(claims, `,"jti":`, id)
	claims = appendText(claims, `,"client_id":`, c.id)
	if scope.given {
		claims = appendText(claims, `,"scope":`, scope.text)
	}
	return jwt.Sign(jwt.HS256, c.secret, tokenHeader, append(claims, '}')), nil
}

func appendText(json []byte, before, text string) []byte {
	return gjson.AppendJSONString(append(json, before...), text)
}

// newID draws a UUID of version 4 (RFC 9562, section 5.4).
func newID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], nil
}

// verify returns the client whose token this is, and the token's audience. problem says why it is nobody's, and holds
// nothing of it.
func (a *authentication) verify(text string) (c *client, audience, problem string) {
	token, err := jwt.Parse(text)
	if err != nil {
		return nil, "", err.Error()
	}
	if token.Algorithm != jwt.HS256 {
		return nil, "", "the token is not signed with HS256"
	}
	id, hasID := token.Claims.Text("client_id")
	c, known := a.clients.find(id)
	if !token.VerifyHMAC(c.secret) || !known || !hasID {
		return nil, "", "the token's signature is wrong, or its client unknown"
	}
	if kind, _ := token.Header.Text("typ"); !strings.EqualFold(kind, tokenType) {
		return nil, "", "the token is not of type " + tokenType
	}
	if issuer, ok := token.Claims.Text("iss"); !ok || issuer != a.issuer {
		return nil, "", "the token has another issuer"
	}
	if subject, ok := token.Claims.Text("sub"); !ok || subject != c.name {
		return nil, "", "the token's subject is not its client"
	}
	audience, ok := token.Claims.Text("aud")
	if !ok {
		return nil, "", "the token has no audience"
	}
	if !isWhole(token.Claims.Get("exp")) || !isWhole(token.Claims.Get("iat")) {
		return nil, "", "the token's exp and iat are not whole numbers"
	}
	if err := token.Claims.CheckTimes(a.now().Unix(), a.skew); err != nil {
		return nil, "", err.Error()
	}
	return c, audience, ""
}

// isWhole tells whether a claim is a number without fraction and exponent.
func isWhole(claim gjson.Result) bool {
	return claim.Type == gjson.Number && !strings.ContainsAny(claim.Raw, ".eE")
}
