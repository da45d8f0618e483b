package main

import (
	"hash/maphash"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/verified"
)

// rememberedPasswords is how many right passwords are remembered, by digest, in each VM.
const rememberedPasswords = 1024

// hashedCredentials are users and the hashes of their passwords. Two of them may have the same user.
type hashedCredentials struct {
	users      map[string]int // → index into hashes
	hashes     [][]hashed     // those of one user
	seed       maphash.Seed
	remembered *verified.Cache
}

// hashed is the hash of one password, and whose it is.
type hashed struct {
	text     string
	hash     passwordHash
	consumer string
}

func newHashedCredentials() *hashedCredentials {
	return &hashedCredentials{
		users:      map[string]int{},
		seed:       maphash.MakeSeed(),
		remembered: verified.New(rememberedPasswords),
	}
}

func (c *hashedCredentials) add(credential, consumer string) (bool, error) {
	user, text, _ := strings.Cut(credential, ":")
	hash, err := parseHash(text)
	if err != nil {
		return false, err
	}
	i, there := c.users[user]
	if !there {
		i = len(c.hashes)
		c.users[user] = i
		c.hashes = append(c.hashes, nil)
	}
	for _, h := range c.hashes[i] {
		if h.text == text {
			return false, nil
		}
	}
	c.hashes[i] = append(c.hashes[i], hashed{text, hash, consumer})
	return true, nil
}

// find compares with all hashes of the user. For an unknown user it compares with those of a known one, always the same
// for one name, so that the time of an answer does not tell which users there are.
func (c *hashedCredentials) find(credential string) (string, bool) {
	user, password, _ := strings.Cut(credential, ":")
	i, known := c.users[user]
	if !known {
		i = int(maphash.String(c.seed, user) % uint64(len(c.hashes)))
	}
	for _, h := range c.hashes[i] {
		if c.remembered.Has(c.remembered.Digest(h.text, password)) && known {
			return h.consumer, true
		}
	}
	right := -1
	for j, h := range c.hashes[i] {
		if h.hash.matches(password) && right < 0 {
			right = j
		}
	}
	if right < 0 || !known {
		return "", false
	}
	h := &c.hashes[i][right]
	c.remembered.Add(c.remembered.Digest(h.text, password))
	return h.consumer, true
}
