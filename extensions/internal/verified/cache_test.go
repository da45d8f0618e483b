package verified

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCacheRemembersWhatWasEntered(t *testing.T) {
	c := New(8)
	d := c.Digest("$2y$hash", "password")
	assert.False(t, c.Has(d))
	c.Add(d)
	assert.True(t, c.Has(d))
	assert.True(t, c.Has(c.Digest("$2y$hash", "password")))
	assert.False(t, c.Has(c.Digest("$2y$hashp", "assword")), "parts cannot run into each other")
	assert.False(t, c.Has(c.Digest("$2y$hash", "passwore")))
}

func TestCacheIsBounded(t *testing.T) {
	c := New(100)
	used := c.Digest("used")
	c.Add(used)
	for i := range 10_000 {
		c.Add(c.Digest(strconv.Itoa(i)))
		assert.True(t, c.Has(used), "what is asked for stays")
		assert.LessOrEqual(t, c.Len(), 100)
	}
	assert.False(t, c.Has(c.Digest("0")))
}

func TestDigestsOfTwoCachesDiffer(t *testing.T) {
	assert.NotEqual(t, New(2).Digest("a"), New(2).Digest("a"))
}
