package jwt

import (
	"encoding/base64"
	"errors"
	"strings"
)

// MaxSize is the length of the longest token that is looked at, in bytes.
const MaxSize = 32 << 10

// Algorithm is the value of a token's header parameter alg (RFC 7518, section 3.1; RFC 8037).
type Algorithm string

// The algorithms that tokens may be signed with. "none" is not one of them.
const (
	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
)

// Known tells whether tokens may be signed with the algorithm. Names are compared with case (RFC 7515, section 4.1.1).
func (a Algorithm) Known() bool {
	switch a {
	case HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA:
		return true
	}
	return false
}

// Why Parse refuses a token. No error holds any of it.
var (
	ErrTooLong   = errors.New("the token is too long")
	ErrParts     = errors.New("the token does not have three parts")
	ErrEncrypted = errors.New("the token is encrypted")
	ErrBase64    = errors.New("the token is not in base64url")
	ErrHeader    = errors.New("the token's header is no JSON object, or has a member twice")
	ErrPayload   = errors.New("the token's payload is no JSON object, or has a member twice")
	ErrAlgorithm = errors.New("the token's algorithm is not known")
	ErrKeyID     = errors.New("the token's kid is no string")
	ErrCritical  = errors.New("the token has critical header parameters")
	ErrSignature = errors.New("the token's signature is wrong")
)

// Token is a signed token. Nothing in it is verified until the signature is. It is never changed, and may be read
// concurrently.
type Token struct {
	Algorithm Algorithm
	KeyID     string // kid; "" for none
	Header    Object
	Claims    Object

	text      string
	signature []byte
}

// Parse reads a token in compact form. Parameters of the header that bring keys (jwk, jku, x5c, x5u) have no effect.
func Parse(text string) (*Token, error) {
	if len(text) > MaxSize {
		return nil, ErrTooLong
	}
	if dots := strings.Count(text, "."); dots != 2 {
		if dots == 4 {
			return nil, ErrEncrypted
		}
		return nil, ErrParts
	}
	header, rest, _ := strings.Cut(text, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	t := &Token{text: text}
	if err := t.readHeader(header); err != nil {
		return nil, err
	}
	claims, err := decode(payload)
	if err != nil {
		return nil, err
	}
	var ok bool
	if t.Claims, ok = ParseObject(string(claims)); !ok {
		return nil, ErrPayload
	}
	if t.signature, err = decode(signature); err != nil {
		return nil, err
	}
	if len(t.signature) == 0 {
		return nil, ErrSignature
	}
	return t, nil
}

func (t *Token) readHeader(part string) error {
	text, err := decode(part)
	if err != nil {
		return err
	}
	var ok bool
	if t.Header, ok = ParseObject(string(text)); !ok {
		return ErrHeader
	}
	// Without crit, b64 (RFC 7797) has no meaning, but libraries heed it.
	if t.Header.Has("crit") || t.Header.Has("b64") {
		return ErrCritical
	}
	if t.Header.Has("enc") {
		return ErrEncrypted
	}
	algorithm, ok := t.Header.Text("alg")
	if t.Algorithm = Algorithm(algorithm); !ok || !t.Algorithm.Known() {
		return ErrAlgorithm
	}
	if !t.Header.Has("kid") {
		return nil
	}
	if t.KeyID, ok = t.Header.Text("kid"); !ok {
		return ErrKeyID
	}
	return nil
}

// Text is the whole token as it was read.
func (t *Token) Text() string { return t.text }

// SigningInput is what the signature is of (RFC 7515, section 5.1).
func (t *Token) SigningInput() string { return t.text[:strings.LastIndexByte(t.text, '.')] }

// Signature is the signature. The slice is shared.
func (t *Token) Signature() []byte { return t.signature }

var encoding = base64.RawURLEncoding.Strict()

// decode undoes base64url without padding, in its one canonical form. (Package base64 skips line breaks.)
func decode(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, ErrBase64
	}
	decoded, err := encoding.DecodeString(part)
	if err != nil {
		return nil, ErrBase64
	}
	return decoded, nil
}
