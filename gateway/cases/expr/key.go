package expr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// Key is a key to sign with: an RSA, ECDSA or Ed25519 private key, or a secret of any length. It is safe for concurrent
// use.
type Key struct {
	name, id string
	make     func() (any, error) // an *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey or []byte
}

// KeyDefinition says where a key comes from. One of the first four fields is set.
type KeyDefinition struct {
	Generate string          `json:"generate,omitempty"` // RSA, P-256, P-384, P-521 or Ed25519
	PEM      string          `json:"pem,omitempty"`      // a private key, PKCS #8, PKCS #1 or SEC 1
	JWK      json.RawMessage `json:"jwk,omitempty"`
	Secret   string          `json:"secret,omitempty"`
	ID       string          `json:"kid,omitempty"`
}

// NewKey reads a definition. A key that is to be generated is so when it is first used, once.
func NewKey(name string, d KeyDefinition) (*Key, error) {
	set := 0
	for _, is := range []bool{d.Generate != "", d.PEM != "", len(d.JWK) > 0, d.Secret != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return nil, errors.New("must have one of generate, pem, jwk and secret")
	}
	k := &Key{name: name, id: d.ID}
	if d.Generate != "" {
		generate := generators[d.Generate]
		if generate == nil {
			return nil, fmt.Errorf("generate: must be RSA, P-256, P-384, P-521 or Ed25519, not %q", d.Generate)
		}
		k.make = sync.OnceValues(generate)
		return k, nil
	}
	private, err := d.parse(k)
	if err != nil {
		return nil, err
	}
	k.make = func() (any, error) { return private, nil }
	return k, nil
}

func (d *KeyDefinition) parse(k *Key) (any, error) {
	switch {
	case d.Secret != "":
		return []byte(d.Secret), nil
	case d.PEM != "":
		return parsePEM([]byte(d.PEM))
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(d.JWK); err != nil {
		return nil, fmt.Errorf("jwk: %w", err)
	}
	if k.id == "" {
		k.id = jwk.KeyID
	}
	if jwk.IsPublic() {
		return nil, errors.New("jwk: must be a private key")
	}
	return jwk.Key, nil
}

var generators = map[string]func() (any, error){
	"RSA":   func() (any, error) { return rsa.GenerateKey(rand.Reader, 2048) },
	"P-256": func() (any, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	"P-384": func() (any, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
	"P-521": func() (any, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) },
	"Ed25519": func() (any, error) {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	},
}

func parsePEM(data []byte) (any, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("pem: holds no PEM block")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("pem: must be a private key in PKCS #8, PKCS #1 or SEC 1")
}

// jwk is the key's public part, or the secret itself.
func (k *Key) jwk() (jose.JSONWebKey, error) {
	private, err := k.make()
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	out := jose.JSONWebKey{Key: private, KeyID: k.id}
	if signer, ok := private.(crypto.Signer); ok {
		out.Key = signer.Public()
	}
	return out, nil
}

// secretOf is what an HMAC is keyed with: the bytes of a text, or a secret key.
func secretOf(v any) ([]byte, error) {
	k, ok := v.(*Key)
	if !ok {
		text, err := Text(v)
		return []byte(text), err
	}
	private, err := k.make()
	if err != nil {
		return nil, err
	}
	secret, ok := private.([]byte)
	if !ok {
		return nil, fmt.Errorf("%s is no secret", k.name)
	}
	return secret, nil
}

func keyOf(v any) (*Key, error) {
	k, ok := v.(*Key)
	if !ok {
		return nil, fmt.Errorf("needs the name of a key, not %s", typeName(v))
	}
	return k, nil
}

var keyFunctions = map[string]*function{
	"sign": {3, 3, func(args []any) (any, error) {
		algorithm, _ := args[0].(string)
		k, err := keyOf(args[1])
		if err != nil {
			return nil, err
		}
		text, err := Text(args[2])
		if err != nil {
			return nil, err
		}
		return k.Sign(algorithm, text)
	}},
	"jwk": {1, 1, func(args []any) (any, error) {
		k, err := keyOf(args[0])
		if err != nil {
			return nil, err
		}
		jwk, err := k.jwk()
		if err != nil {
			return nil, err
		}
		return jsonText(jwk)
	}},
	"jwks": {1, -1, func(args []any) (any, error) {
		var set jose.JSONWebKeySet
		for _, arg := range args {
			k, err := keyOf(arg)
			if err != nil {
				return nil, err
			}
			jwk, err := k.jwk()
			if err != nil {
				return nil, err
			}
			set.Keys = append(set.Keys, jwk)
		}
		return jsonText(set)
	}},
	"pem": {1, 1, func(args []any) (any, error) {
		k, err := keyOf(args[0])
		if err != nil {
			return nil, err
		}
		jwk, err := k.jwk()
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKIXPublicKey(jwk.Key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
	}},
}

func jsonText(v any) (any, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
