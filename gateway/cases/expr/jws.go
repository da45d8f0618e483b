package expr

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
)

// algorithms are those of JSON Web Signatures (RFC 7518 section 3.1, RFC 8037): the kind of key and the digest.
var algorithms = map[string]struct {
	kind string
	hash crypto.Hash
}{
	"HS256": {"HS", crypto.SHA256}, "HS384": {"HS", crypto.SHA384}, "HS512": {"HS", crypto.SHA512},
	"RS256": {"RS", crypto.SHA256}, "RS384": {"RS", crypto.SHA384}, "RS512": {"RS", crypto.SHA512},
	"PS256": {"PS", crypto.SHA256}, "PS384": {"PS", crypto.SHA384}, "PS512": {"PS", crypto.SHA512},
	"ES256": {"ES", crypto.SHA256}, "ES384": {"ES", crypto.SHA384}, "ES512": {"ES", crypto.SHA512},
	"EdDSA": {"EdDSA", 0},
}

// Sign signs a text the way a JSON Web Signature does, without asking whether the algorithm goes with the curve or the
// secret is long enough: cases need tokens that no library makes.
func (k *Key) Sign(algorithm, text string) (string, error) {
	a, ok := algorithms[algorithm]
	if !ok {
		return "", fmt.Errorf("%q is no algorithm: must be HS, RS, PS or ES with 256, 384 or 512, or EdDSA", algorithm)
	}
	private, err := k.make()
	if err != nil {
		return "", err
	}
	switch key := private.(type) {
	case []byte:
		if a.kind == "HS" {
			mac := hmac.New(a.hash.New, key)
			io.WriteString(mac, text)
			return string(mac.Sum(nil)), nil
		}
	case *rsa.PrivateKey:
		switch a.kind {
		case "RS":
			signature, err := rsa.SignPKCS1v15(rand.Reader, key, a.hash, summed(a.hash, text))
			return string(signature), err
		case "PS":
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			signature, err := rsa.SignPSS(rand.Reader, key, a.hash, summed(a.hash, text), options)
			return string(signature), err
		}
	case *ecdsa.PrivateKey:
		if a.kind == "ES" {
			return signECDSA(key, summed(a.hash, text))
		}
	case ed25519.PrivateKey:
		if a.kind == "EdDSA" {
			return string(ed25519.Sign(key, []byte(text))), nil
		}
	}
	return "", fmt.Errorf("the key %s cannot sign with %s", k.name, algorithm)
}

func summed(hash crypto.Hash, text string) []byte {
	h := hash.New()
	io.WriteString(h, text)
	return h.Sum(nil)
}

// signECDSA returns R and S, each as long as the curve's order (RFC 7518 section 3.4).
func signECDSA(key *ecdsa.PrivateKey, sum []byte) (string, error) {
	r, s, err := ecdsa.Sign(rand.Reader, key, sum)
	if err != nil {
		return "", err
	}
	size := (key.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return string(out), nil
}

// DefaultAlgorithm is what a key signs with where a case does not say.
func (k *Key) DefaultAlgorithm() (string, error) {
	private, err := k.make()
	if err != nil {
		return "", err
	}
	switch key := private.(type) {
	case []byte:
		return "HS256", nil
	case *rsa.PrivateKey:
		return "RS256", nil
	case *ecdsa.PrivateKey:
		return map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Params().BitSize], nil
	case ed25519.PrivateKey:
		return "EdDSA", nil
	}
	return "", fmt.Errorf("the key %s can be of no use: %T", k.name, private)
}

// Token is a JSON Web Token to be made.
type Token struct {
	Key       *Key           // nil leaves the signature empty
	Algorithm string         // what is signed with; empty means the key's own
	Header    map[string]any // besides typ, alg and kid; replaces them, and nil removes them
	Payload   []byte
}

// Encode returns the compact serialization (RFC 7515 section 7.1). The header's alg is what the token says, which need
// not be what it was signed with.
func (t *Token) Encode() (string, error) {
	header := map[string]any{"typ": "JWT", "alg": "none"}
	algorithm := t.Algorithm
	if t.Key != nil {
		var err error
		if algorithm == "" {
			if algorithm, err = t.Key.DefaultAlgorithm(); err != nil {
				return "", err
			}
		}
		header["alg"] = algorithm
		if t.Key.id != "" {
			header["kid"] = t.Key.id
		}
	}
	for name, value := range t.Header {
		header[name] = value
		if value == nil {
			delete(header, name)
		}
	}
	head, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	signed := base64url(string(head)) + "." + base64url(string(t.Payload))
	if t.Key == nil {
		return signed + ".", nil
	}
	signature, err := t.Key.Sign(algorithm, signed)
	return signed + "." + base64url(signature), err
}
