// Package keys verifies tokens with the keys of a JSON Web Key Set (RFC 7517), on go-jose.
package keys
