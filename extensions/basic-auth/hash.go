package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/GehirnInc/crypt"
	"github.com/GehirnInc/crypt/apr1_crypt"
	"github.com/GehirnInc/crypt/md5_crypt"
	"github.com/GehirnInc/crypt/sha256_crypt"
	"github.com/GehirnInc/crypt/sha512_crypt"
	"golang.org/x/crypto/bcrypt"
)

// maxCryptPassword is the longest password that a crypt hash is computed of, as in libxcrypt. The cost of these hashes
// grows with the square of the length.
const maxCryptPassword = 512

// passwordHash is one of the kinds of hashes.
type passwordHash interface {
	// matches compares in a time that does not depend on how much of the password is right.
	matches(password string) bool
}

// parseHash tells the kind of a hash by its beginning.
func parseHash(text string) (passwordHash, error) {
	switch {
	case strings.HasPrefix(text, "{PLAIN}"):
		return plainHash(sha256.Sum256([]byte(text[len("{PLAIN}"):]))), nil
	case strings.HasPrefix(text, "{SHA}"):
		return parseSHA(text[len("{SHA}"):], false)
	case strings.HasPrefix(text, "{SSHA}"):
		return parseSHA(text[len("{SSHA}"):], true)
	case strings.HasPrefix(text, "$2a$"), strings.HasPrefix(text, "$2b$"), strings.HasPrefix(text, "$2y$"):
		return parseBcrypt(text)
	case strings.HasPrefix(text, apr1_crypt.MagicPrefix):
		return parseCrypt(text, apr1_crypt.MagicPrefix, 22, apr1_crypt.New())
	case strings.HasPrefix(text, md5_crypt.MagicPrefix):
		return parseCrypt(text, md5_crypt.MagicPrefix, 22, md5_crypt.New())
	case strings.HasPrefix(text, sha256_crypt.MagicPrefix):
		return parseCrypt(text, sha256_crypt.MagicPrefix, 43, sha256_crypt.New())
	case strings.HasPrefix(text, sha512_crypt.MagicPrefix):
		return parseCrypt(text, sha512_crypt.MagicPrefix, 86, sha512_crypt.New())
	case len(text) == 13 && isCryptText(text), len(text) == 20 && text[0] == '_' && isCryptText(text[1:]):
		return nil, errors.New("is traditional DES crypt, which is not secure and not supported: use bcrypt")
	}
	return nil, errors.New("is of no known kind: $2y$ (bcrypt), $6$, $5$, $1$, $apr1$, {SSHA}, {SHA} or {PLAIN}")
}

// isCryptText tells whether a text is of the alphabet of crypt(3).
func isCryptText(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c != '.' && c != '/' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// plainHash is the digest of a password known in clear, so that passwords of any length take the same time.
type plainHash [sha256.Size]byte

func (h plainHash) matches(password string) bool {
	sum := sha256.Sum256([]byte(password))
	return subtle.ConstantTimeCompare(h[:], sum[:]) == 1
}

// shaHash is SHA-1 of the password and a salt (RFC 2307).
type shaHash struct {
	sum  [sha1.Size]byte
	salt []byte
}

func parseSHA(text string, salted bool) (passwordHash, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) < sha1.Size || !salted && len(raw) > sha1.Size {
		return nil, errors.New("must be the base64 form of a SHA-1 digest")
	}
	return &shaHash{[sha1.Size]byte(raw), raw[sha1.Size:]}, nil
}

func (h *shaHash) matches(password string) bool {
	sum := sha1.Sum(append([]byte(password), h.salt...))
	return subtle.ConstantTimeCompare(h.sum[:], sum[:]) == 1
}

// bcryptHash is a bcrypt hash in its text form. Of a password the first 72 bytes count.
type bcryptHash []byte

// bcryptLength is that of "$2y$10$", 22 characters of salt and 31 of hash.
const bcryptLength = 60

func parseBcrypt(text string) (passwordHash, error) {
	_, err := bcrypt.Cost([]byte(text))
	if err != nil || len(text) != bcryptLength || text[6] != '$' || !isCryptText(text[7:]) {
		return nil, errors.New("is no complete bcrypt hash")
	}
	return bcryptHash(text), nil
}

func (h bcryptHash) matches(password string) bool {
	return bcrypt.CompareHashAndPassword(h, []byte(password)) == nil
}

// cryptHash is one of crypt(3): MD5 in two forms, SHA-256, SHA-512.
type cryptHash struct {
	text    string
	setting []byte // the text without the digest
	method  crypt.Crypter
}

// parseCrypt reads prefix, salt and digest, with "rounds=" before the salt in the SHA forms.
func parseCrypt(text, prefix string, digest int, method crypt.Crypter) (passwordHash, error) {
	end := strings.LastIndexByte(text, '$')
	if end < len(prefix) || len(text)-end-1 != digest || !isCryptText(text[end+1:]) {
		return nil, errors.New("is no complete " + prefix + " hash")
	}
	setting := []byte(text[:end])
	if _, err := method.Cost(text[:end]); err != nil {
		return nil, errors.New("is no complete " + prefix + " hash")
	}
	return &cryptHash{text, setting, method}, nil
}

// matches does not use the library's Verify, which takes the digest for salt where "rounds=" stands before a short salt.
func (h *cryptHash) matches(password string) bool {
	tooLong := len(password) > maxCryptPassword
	if tooLong {
		password = password[:maxCryptPassword]
	}
	text, err := h.method.Generate([]byte(password), h.setting)
	return err == nil && subtle.ConstantTimeCompare([]byte(text), []byte(h.text)) == 1 && !tooLong
}
