package signature

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
)

// Algorithm is a hash under HMAC (RFC 2104). The zero Algorithm verifies nothing.
type Algorithm struct{ hash func() hash.Hash }

// The algorithms that the plugins know.
var (
	SHA1   = Algorithm{sha1.New}
	SHA256 = Algorithm{sha256.New}
	SHA512 = Algorithm{sha512.New}
)

// Sign returns the standard base64 form, with padding, of the text's HMAC.
func (a Algorithm) Sign(secret, text string) string {
	mac := hmac.New(a.hash, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Verify tells whether a signature is what Sign returns, byte for byte. The time that it takes does not depend on how much
// of it is right.
func (a Algorithm) Verify(secret, text, signature string) bool {
	return a.hash != nil && hmac.Equal([]byte(a.Sign(secret, text)), []byte(signature))
}

// Same compares two texts in constant time, for digests that clients send.
func Same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
