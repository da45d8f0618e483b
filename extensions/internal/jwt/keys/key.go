package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
)

// RSA keys outside of these sizes do not verify: Go's crypto/rsa refuses shorter ones, and longer ones take too long.
const (
	leastRSA = 1024 // bits
	mostRSA  = 8192
)

func init() { jose.MaxRSAModulusBits = mostRSA }

// key is one key that can verify.
type key struct {
	id        string        // kid; "" for none
	algorithm jwt.Algorithm // "" if the key does not say
	verifier  any           // what go-jose takes
	kind      kind
}

type kind int

const (
	secret kind = iota
	rsaKey
	p256
	p384
	p521
	ed25519Key
)

// fits tells whether the key is made for an algorithm (RFC 8725, section 3.1).
func (k *key) fits(a jwt.Algorithm) bool {
	return (k.algorithm == "" || k.algorithm == a) && k.kind.fits(a)
}

func (k kind) fits(a jwt.Algorithm) bool {
	switch k {
	case secret:
		return a.HMAC()
	case rsaKey:
		return a.Known() && (strings.HasPrefix(string(a), "RS") || strings.HasPrefix(string(a), "PS"))
	case p256:
		return a == jwt.ES256
	case p384:
		return a == jwt.ES384
	case p521:
		return a == jwt.ES512
	case ed25519Key:
		return a == jwt.EdDSA
	}
	return false
}

// publicMembers are what of a key is read. Private members are left where they are, and certificates are not parsed.
var publicMembers = [...]string{"n", "e", "crv", "x", "y", "k"}

// parseKey reads one key. note is a remark on a key that is usable all the same.
func parseKey(v gjson.Result) (k key, note string, err error) {
	o, ok := jwt.ParseObject(v.Raw)
	if !ok {
		return k, "", errors.New("is no JSON object, or has a member twice")
	}
	if err := checkUse(o); err != nil {
		return k, "", err
	}
	if k.id, ok = o.Text("kid"); !ok && o.Has("kid") {
		return k, "", errors.New("kid: must be a string")
	}
	algorithm, ok := o.Text("alg")
	if !ok && o.Has("alg") {
		return k, "", errors.New("alg: must be a string")
	}
	k.algorithm = jwt.Algorithm(algorithm)
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(publicPart(o)); err != nil {
		return k, "", errors.New("is of an unknown kind, or incomplete")
	}
	if note, err = k.take(parsed.Key); err != nil {
		return k, "", err
	}
	if k.algorithm != "" && !k.kind.fits(k.algorithm) {
		return k, "", errors.New("alg: no algorithm that such a key verifies")
	}
	return k, note, nil
}

// checkUse refuses keys that are made for something else (RFC 7517, sections 4.2 and 4.3).
func checkUse(o jwt.Object) error {
	if use, _ := o.Text("use"); o.Has("use") && use != "sig" {
		return errors.New("use: is not sig")
	}
	operations := o.Get("key_ops")
	if !operations.Exists() {
		return nil
	}
	for _, operation := range operations.Array() {
		if text := operation.String(); text == "verify" || text == "sign" {
			return nil
		}
	}
	return errors.New("key_ops: has neither verify nor sign")
}

// publicPart writes the members that are read, without padding.
func publicPart(o jwt.Object) []byte {
	kty, _ := o.Text("kty")
	text := gjson.AppendJSONString([]byte(`{"kty":`), kty)
	for _, name := range publicMembers {
		if value, ok := o.Text(name); ok {
			text = append(append(append(text, `,"`...), name...), `":`...)
			text = gjson.AppendJSONString(text, strings.TrimRight(value, "="))
		}
	}
	return append(text, '}')
}

// take keeps what go-jose has read.
func (k *key) take(parsed any) (note string, err error) {
	switch p := parsed.(type) {
	case []byte:
		if len(p) == 0 {
			return "", errors.New("k: must not be empty")
		}
		if len(p) < 32 {
			note = "k: " + strconv.Itoa(len(p)) + " bytes are fewer than RFC 7518 asks for"
		}
		k.kind, k.verifier = secret, hmacKey(p)
	case *rsa.PublicKey:
		if bits := p.N.BitLen(); bits < leastRSA || bits > mostRSA {
			return "", errors.New("n: has " + strconv.Itoa(bits) + " bits, not " + strconv.Itoa(leastRSA) + " to " + strconv.Itoa(mostRSA))
		}
		k.kind, k.verifier = rsaKey, p
	case *ecdsa.PublicKey:
		k.kind, k.verifier = p256, p
		switch p.Curve.Params().BitSize {
		case 384:
			k.kind = p384
		case 521:
			k.kind = p521
		}
	case ed25519.PublicKey:
		k.kind, k.verifier = ed25519Key, p
	default:
		return "", errors.New("is of an unknown kind")
	}
	return note, nil
}

// hmacKey is a secret of any length. go-jose by itself refuses those that are shorter than the digest.
type hmacKey []byte

// VerifyPayload implements jose.OpaqueVerifier.
func (k hmacKey) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	if !jwt.VerifyHMAC(jwt.Algorithm(alg), k, payload, signature) {
		return jwt.ErrSignature
	}
	return nil
}
