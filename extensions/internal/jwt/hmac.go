package jwt

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
)

// HMAC tells whether the algorithm is a keyed digest.
func (a Algorithm) HMAC() bool { return a.digest() != nil }

func (a Algorithm) digest() func() hash.Hash {
	switch a {
	case HS256:
		return sha256.New
	case HS384:
		return sha512.New384
	case HS512:
		return sha512.New
	}
	return nil
}

// VerifyHMAC tells whether the token is signed with HS256, HS384 or HS512 and this secret, of any length but 0. RFC 7518,
// section 3.2, asks for secrets as long as the digest; gateways are configured with shorter ones.
func (t *Token) VerifyHMAC(secret []byte) bool {
	return VerifyHMAC(t.Algorithm, secret, []byte(t.SigningInput()), t.signature)
}

// VerifyHMAC tells whether signature is input's, in constant time. It is false for other algorithms, and for an empty
// secret.
func VerifyHMAC(algorithm Algorithm, secret, input, signature []byte) bool {
	digest := algorithm.digest()
	if digest == nil || len(secret) == 0 {
		return false
	}
	mac := hmac.New(digest, secret)
	mac.Write(input)
	return hmac.Equal(mac.Sum(nil), signature)
}

// Sign makes a token of a header and claims, both JSON objects, with HS256, HS384 or HS512; header must name the same
// algorithm. It returns "" for other algorithms.
func Sign(algorithm Algorithm, secret, header, claims []byte) string {
	digest := algorithm.digest()
	if digest == nil {
		return ""
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(header) + "." + encode(claims)
	mac := hmac.New(digest, secret)
	mac.Write([]byte(input))
	return input + "." + encode(mac.Sum(nil))
}
