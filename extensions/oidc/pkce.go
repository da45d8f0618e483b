package main

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// verifierLength is between 43 and 128 (RFC 7636, section 4.1).
const verifierLength = 96

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// newVerifier returns random characters, all equally likely.
func newVerifier() string {
	const even = 256 - 256%len(unreserved)
	text := make([]byte, 0, verifierLength)
	for len(text) < verifierLength {
		for _, b := range random(verifierLength) {
			if int(b) < even && len(text) < verifierLength {
				text = append(text, unreserved[int(b)%len(unreserved)])
			}
		}
	}
	return string(text)
}

// challenge is what of a verifier is shown when the login begins (RFC 7636, section 4.2).
func challenge(method, verifier string) (string, error) {
	switch method {
	case "plain":
		return verifier, nil
	case "S256":
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:]), nil
	}
	return "", errors.New("unknown challenge method: " + printable(method, 100))
}
