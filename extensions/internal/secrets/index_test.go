package secrets

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestIndex(t *testing.T) {
	x := NewIndex()
	for i := range 1000 {
		assert.True(t, x.Add("secret-"+strconv.Itoa(i), i))
	}
	assert.False(t, x.Add("secret-7", 1), "a secret is there once")
	for _, i := range []int{0, 7, 999} {
		value, ok := x.Find("secret-" + strconv.Itoa(i))
		assert.True(t, ok)
		assert.Equal(t, i, value)
	}
	for _, secret := range []string{"", "secret-", "secret-1000", "SECRET-7", "secret-7 "} {
		_, ok := x.Find(secret)
		assert.False(t, ok, secret)
	}
}
