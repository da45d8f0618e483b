package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

const longestKey = 1024 // bytes; longer ones are hashed

// Keys that the plugin makes begin with one of these. What a client says never does: such a key is hashed, too.
const (
	hashedKey   = "sha256-"
	combinedKey = "combined-sha256-"
	lockKey     = "lock-sha256-"
	httpKey     = "http:{"
)

func ofPlugin(key string) bool {
	for _, reserved := range [...]string{hashedKey, combinedKey, lockKey, httpKey} {
		if strings.HasPrefix(key, reserved) {
			return true
		}
	}
	return false
}

// combine hashes texts so that no two lists of them give the same: each is preceded by its length, and by whether it is
// there at all.
type combine struct{ framed []byte }

func (c *combine) add(text string, there bool) {
	if !there {
		c.framed = append(c.framed, 0)
		return
	}
	c.framed = append(c.framed, 1)
	c.framed = binary.BigEndian.AppendUint32(c.framed, uint32(len(text)))
	c.framed = append(c.framed, text...)
}

func (c *combine) hex() string { return digest(c.framed) }

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// keyOf is the Redis key for what a client calls key, in mode key. Requests with different Authorization, consumers or
// key parts have different ones.
func (c *cache) keyOf(key string, headers httpcache.Headers) string {
	user, hasUser := headers.Joined("authorization")
	consumer, hasConsumer := headers.Joined(httpheader.Consumer)
	hasUser, hasConsumer = hasUser && !c.shared, hasConsumer && !c.shared
	if len(c.parts) > 0 || hasUser || hasConsumer {
		var all combine
		all.add(key, true)
		all.add(user, hasUser)
		all.add(consumer, hasConsumer)
		c.addParts(&all, headers)
		return c.prefix + combinedKey + all.hex()
	}
	if len(key) > longestKey || ofPlugin(key) {
		return c.prefix + hashedKey + digest([]byte(key))
	}
	return c.prefix + key
}

func (c *cache) addParts(all *combine, headers httpcache.Headers) {
	path, _ := headers.Get(":path")
	for _, part := range c.parts {
		all.add(part.in(headers, path))
	}
}

// uriKey is the Redis key of a URI, in mode http. All keys of a URI are in one slot of a Redis cluster.
func (c *cache) uriKey(headers httpcache.Headers) string {
	var all combine
	c.addParts(&all, headers)
	return c.prefix + httpKey + all.hex() + "}"
}

// variantKey is that of a response that depends on the selected request headers. generation changes whenever the URI's
// responses are invalidated, so that old ones are never found again.
func variantKey(uri, generation string, selected httpcache.Headers) string {
	var all combine
	all.add(generation, true)
	for _, line := range selected {
		all.add(line[0], true)
		all.add(line[1], true)
	}
	return uri + ":" + all.hex()
}

// keysOf are the keys to delete so that nothing is found for a URI, and nothing under way is stored for it.
func (c *cache) keysOf(uri string) []interface{} {
	return []interface{}{uri, c.lockOf(uri), c.userLockOf(uri)}
}

// userLockOf is the key of the lock for requests of users, in mode http.
func (c *cache) userLockOf(key string) string { return c.lockOf(key) + ":user" }

// lockOf is the key of the lock on another key.
func (c *cache) lockOf(key string) string {
	if c.http {
		return key + ":lock"
	}
	return c.prefix + lockKey + digest([]byte(key))
}
