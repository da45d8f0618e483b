package keys

import (
	"errors"
	"strconv"

	"github.com/go-jose/go-jose/v4"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/verified"
)

const (
	maxKeys    = 256
	remembered = 1024 // tokens
)

// ErrNoKey is returned for a token that no key of the set is made for.
var ErrNoKey = errors.New("no key fits the token")

// Set is a key set. It is not safe for concurrent use, which does not happen in one VM: it remembers which tokens have a
// right signature, by a keyed digest, so that signatures are computed once a token. Everything else about a
// token is the caller's to check each time.
type Set struct {
	keys     []key
	verified *verified.Cache
}

// Parse reads a key set, {"keys": […]}. Keys are read one by one: those that cannot verify (of unknown kinds, incomplete,
// for encryption) are left out, and of private keys the public half is taken. It is an error if none is left, or if there
// are more than 256. notes say which keys were left out, and which secrets are short; neither they nor the error hold any
// of the set's values.
func Parse(text string) (set *Set, notes []string, err error) { return parse(text, false) }

// ParsePublic reads a key set that is published: secrets in it are left out.
func ParsePublic(text string) (set *Set, notes []string, err error) { return parse(text, true) }

func parse(text string, public bool) (*Set, []string, error) {
	o, ok := jwt.ParseObject(text)
	list := o.Get("keys")
	if !ok || !list.IsArray() {
		return nil, nil, errors.New("must be a JSON Web Key Set")
	}
	items := list.Array()
	if len(items) > maxKeys {
		return nil, nil, errors.New("must not have more than " + strconv.Itoa(maxKeys) + " keys")
	}
	set := &Set{verified: verified.New(remembered)}
	var notes []string
	for i, item := range items {
		at := "keys[" + strconv.Itoa(i) + "]"
		k, note, err := readKey(item, public)
		if err != nil {
			notes = append(notes, at+" is left out: "+err.Error())
			continue
		}
		if note != "" {
			notes = append(notes, at+"."+note)
		}
		set.keys = append(set.keys, k)
	}
	if len(set.keys) == 0 {
		return nil, notes, errors.New("must have a key that can verify")
	}
	return set, notes, nil
}

func readKey(item gjson.Result, public bool) (key, string, error) {
	k, note, err := parseKey(item)
	if err == nil && public && k.kind == secret {
		err = errors.New("is a secret, but published")
	}
	return k, note, err
}

// Len is the number of keys.
func (s *Set) Len() int { return len(s.keys) }

// Knows tells whether a key has that kid.
func (s *Set) Knows(keyID string) bool {
	for i := range s.keys {
		if s.keys[i].id == keyID && keyID != "" {
			return true
		}
	}
	return false
}

// Verify checks a token's signature. It tries every key that is made for the token's algorithm and has the token's kid;
// then those that have no kid; and where no key has the token's kid, or the token has none, all others. Errors are
// ErrNoKey and jwt.ErrSignature.
func (s *Set) Verify(t *jwt.Token) error {
	digest := s.verified.Digest(t.Text())
	if s.verified.Has(digest) {
		return nil
	}
	candidates := s.candidates(t)
	if len(candidates) == 0 {
		return ErrNoKey
	}
	jws, err := jose.ParseSignedCompact(t.Text(), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(t.Algorithm)})
	if err != nil {
		return jwt.ErrSignature
	}
	for _, k := range candidates {
		if _, err := jws.Verify(k.verifier); err != nil {
			continue
		}
		s.verified.Add(digest)
		return nil
	}
	return jwt.ErrSignature
}

// candidates are the keys to be tried, in order.
func (s *Set) candidates(t *jwt.Token) []*key {
	known := s.Knows(t.KeyID)
	var named, nameless, others []*key
	for i := range s.keys {
		k := &s.keys[i]
		switch {
		case !k.fits(t.Algorithm):
		case k.id == "":
			nameless = append(nameless, k)
		case k.id == t.KeyID:
			named = append(named, k)
		case !known:
			others = append(others, k)
		}
	}
	return append(append(named, nameless...), others...)
}
