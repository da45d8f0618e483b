package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Why a cookie is not accepted. No error holds any of it.
var (
	errCookieForm      = errors.New("it has no known form")
	errCookieSignature = errors.New("its signature is wrong")
	errCookieAge       = errors.New("it is too old, or from the future")
)

const (
	// sealedGCM begins the newer form.
	sealedGCM = "v2"
	// skew is how far another gateway's clock may be ahead.
	skew = 5 * time.Minute
	// maxSealed is the longest value that is looked at, in bytes.
	maxSealed = 64 << 10
)

// sealer encrypts and authenticates the values of cookies. Both forms carry the time of sealing, and hold for one name
// of a cookie only:
//
//	<base64url(IV, AES-CFB)>|<unix>|<base64url(HMAC-SHA256 of name, first and second part)>
//	v2|<unix>|<base64url(nonce, AES-256-GCM with name and time as additional data)>
//
// It reads both. The first is that of Higress' own plugin.
type sealer struct {
	block cipher.Block
	aead  cipher.AEAD
	mac   []byte
	gcm   bool // which one is written
}

// newSealer makes a sealer of a secret whose key has 16, 24 or 32 bytes.
func newSealer(secret string, gcm bool) (*sealer, error) {
	s := &sealer{mac: []byte(secret), gcm: gcm}
	var err error
	if s.block, err = aes.NewCipher(cookieKey(secret)); err != nil {
		return nil, err
	}
	// A key of its own, so that no key serves two modes.
	derive := hmac.New(sha256.New, s.mac)
	derive.Write([]byte("wasmplane oidc cookie v2"))
	block, err := aes.NewCipher(derive.Sum(nil))
	if err != nil {
		return nil, err
	}
	s.aead, err = cipher.NewGCM(block)
	return s, err
}

// cookieKey is the AES key that a secret stands for: what it is in base64url, if that has the length of a key, else its text.
func cookieKey(secret string) []byte {
	decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(secret, "="))
	if err == nil && isKeyLength(len(decoded)) {
		return decoded
	}
	return []byte(secret)
}

func isKeyLength(n int) bool { return n == 16 || n == 24 || n == 32 }

// seal encrypts a cookie's content.
func (s *sealer) seal(name string, plain []byte, now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 10)
	if s.gcm {
		nonce := random(s.aead.NonceSize())
		return sealedGCM + "|" + at + "|" + base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, additional(name, at)))
	}
	text := random(aes.BlockSize)
	text = append(text, plain...)
	s.cfb(text[aes.BlockSize:], text[:aes.BlockSize], true)
	content := base64.URLEncoding.EncodeToString(text)
	return content + "|" + at + "|" + s.sign(name, content, at)
}

// open returns a cookie's content. It must be younger than life, unless that is 0.
func (s *sealer) open(name, value string, now time.Time, life time.Duration) ([]byte, error) {
	first, rest, _ := strings.Cut(value, "|")
	second, third, ok := strings.Cut(rest, "|")
	if !ok || len(value) > maxSealed {
		return nil, errCookieForm
	}
	if first == sealedGCM {
		return s.openGCM(name, second, third, now, life)
	}
	if !hmac.Equal([]byte(s.sign(name, first, second)), []byte(third)) {
		return nil, errCookieSignature
	}
	if err := checkAge(second, now, life); err != nil {
		return nil, err
	}
	text, err := base64.URLEncoding.DecodeString(first)
	if err != nil || len(text) < aes.BlockSize {
		return nil, errCookieForm
	}
	s.cfb(text[aes.BlockSize:], text[:aes.BlockSize], false)
	return text[aes.BlockSize:], nil
}

func (s *sealer) openGCM(name, at, content string, now time.Time, life time.Duration) ([]byte, error) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(content)
	if err != nil || len(text) < s.aead.NonceSize() {
		return nil, errCookieForm
	}
	nonce, text := text[:s.aead.NonceSize()], text[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, text, additional(name, at))
	if err != nil {
		return nil, errCookieSignature
	}
	return plain, checkAge(at, now, life)
}

func additional(name, at string) []byte { return []byte(name + "|" + at) }

func checkAge(at string, now time.Time, life time.Duration) error {
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return errCookieForm
	}
	age := now.Sub(time.Unix(seconds, 0))
	if age < -skew || life > 0 && age >= life {
		return errCookieAge
	}
	return nil
}

func (s *sealer) sign(name, content, at string) string {
	mac := hmac.New(sha256.New, s.mac)
	mac.Write([]byte(name))
	mac.Write([]byte(content))
	mac.Write([]byte(at))
	return base64.URLEncoding.EncodeToString(mac.Sum(nil))
}

// cfb encrypts or decrypts in place (NIST SP 800-38A, section 6.3, with segments of a block). Package cipher's own is
// deprecated for being unauthenticated; here the signature covers it.
func (s *sealer) cfb(text, iv []byte, encrypt bool) {
	var key, previous [aes.BlockSize]byte
	copy(previous[:], iv)
	for len(text) > 0 {
		s.block.Encrypt(key[:], previous[:])
		n := min(len(text), aes.BlockSize)
		for i := range n {
			in := text[i]
			text[i] ^= key[i]
			previous[i] = in
			if encrypt {
				previous[i] = text[i]
			}
		}
		text = text[n:]
	}
}

func random(n int) []byte {
	bytes := make([]byte, n, n+64)
	rand.Read(bytes) // never fails
	return bytes
}
