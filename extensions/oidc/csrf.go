package main

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/blake2b"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

// attempt is one login that has begun. It is kept in a cookie, so that nobody can end a login that another browser began
// (RFC 6749, section 10.12), and an ID token or code cannot be used in another login (OpenID Connect Core, section 15.5.2;
// RFC 7636).
type attempt struct {
	state, nonce []byte
	verifier     string // of PKCE, "" for none
}

func newAttempt() *attempt { return &attempt{state: random(32), nonce: random(32)} }

// hashed is how state and nonce are shown to the provider.
func hashed(secret []byte) string {
	sum := blake2b.Sum256(secret)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// isHashOf compares in constant time.
func isHashOf(text string, secret []byte) bool {
	return hmac.Equal([]byte(text), []byte(hashed(secret)))
}

func (a *attempt) encode() []byte {
	o := object{}
	o.text("s", base64.StdEncoding.EncodeToString(a.state))
	o.text("n", base64.StdEncoding.EncodeToString(a.nonce))
	o.text("cv", a.verifier)
	return o.bytes()
}

func decodeAttempt(content []byte) (*attempt, error) {
	o, ok := jwt.ParseObject(string(content))
	if !ok {
		return nil, errContent
	}
	a := &attempt{}
	var err error
	if a.state, err = parseBytes(o, "s"); err != nil {
		return nil, err
	}
	if a.nonce, err = parseBytes(o, "n"); err != nil {
		return nil, err
	}
	if len(a.state) == 0 || len(a.nonce) == 0 {
		return nil, errContent
	}
	a.verifier = textOf(o, "cv")
	return a, nil
}

// csrfName is the cookie of a login with that state hash.
func (c *cookies) csrfName(hash string) string {
	if c.csrfPerRequest {
		return c.name + "_csrf_" + hash[:min(8, len(hash))]
	}
	return c.name + "_csrf"
}

// state is what the provider sends back with the code.
func (c *client) state(hash, target string) string {
	text := hash + ":" + target
	if c.encodeState {
		return base64.RawURLEncoding.EncodeToString([]byte(text))
	}
	return text
}

var errState = errors.New("invalid state parameter")

// parseState divides a state.
func (c *client) parseState(text string) (hash, target string, err error) {
	if c.encodeState {
		decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil {
			return "", "", errState
		}
		text = string(decoded)
	}
	hash, target, ok := strings.Cut(text, ":")
	if !ok || hash == "" {
		return "", "", errState
	}
	return hash, target, nil
}
