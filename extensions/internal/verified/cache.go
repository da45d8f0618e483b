// Package verified remembers which credentials a slow hash has accepted, so that a password costs its hash once and not
// with every request.
package verified

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// Cache remembers which credentials a slow hash has accepted, by a keyed digest: it holds no password, and its digests are
// worth nothing outside it. It is bounded; when it is full, the half that was not asked for lately is forgotten. It is
// not safe for concurrent use, which does not happen in one VM.
//
// Enter only what was verified: otherwise clients decide what is remembered.
type Cache struct {
	key           [sha256.Size]byte
	half          int
	recent, older map[Digest]struct{}
}

// Digest stands for a credential in one cache.
type Digest [sha256.Size]byte

// New returns a cache of at most capacity credentials, 2 or more.
func New(capacity int) *Cache {
	c := &Cache{half: max(capacity/2, 1), recent: map[Digest]struct{}{}}
	rand.Read(c.key[:]) // never fails
	return c
}

// Digest returns what stands for a credential made of these parts, such as the configured hash and the password.
func (c *Cache) Digest(parts ...string) Digest {
	mac := hmac.New(sha256.New, c.key[:])
	var length [8]byte
	for _, part := range parts {
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		mac.Write(length[:])
		mac.Write([]byte(part))
	}
	var d Digest
	mac.Sum(d[:0])
	return d
}

// Has tells whether a credential was entered and is still remembered.
func (c *Cache) Has(d Digest) bool {
	if _, ok := c.recent[d]; ok {
		return true
	}
	if _, ok := c.older[d]; !ok {
		return false
	}
	c.Add(d)
	return true
}

// Add enters a credential.
func (c *Cache) Add(d Digest) {
	if len(c.recent) >= c.half {
		c.older, c.recent = c.recent, make(map[Digest]struct{}, c.half)
	}
	c.recent[d] = struct{}{}
}

// Len returns how many credentials are remembered.
func (c *Cache) Len() int {
	n := len(c.recent)
	for d := range c.older {
		if _, twice := c.recent[d]; !twice {
			n++
		}
	}
	return n
}
