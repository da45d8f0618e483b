// Package secrets compares what clients send with what is configured, so that neither the cost nor the time of an answer
// tells anything about a secret.
package secrets

import (
	"crypto/subtle"
	"hash/maphash"
)

// Index finds a secret among any number of them. Secrets are looked up by a keyed hash and then compared in constant
// time: neither the cost nor the time depends on how many there are, or on how much of one is right. After the last Add
// it may be read concurrently.
type Index struct {
	seed   maphash.Seed
	values []int
	list   []string
	bySum  map[uint64][]int // keyed hash → indexes into list
}

// NewIndex returns an empty index. Its key is random.
func NewIndex() *Index { return &Index{seed: maphash.MakeSeed(), bySum: map[uint64][]int{}} }

// Add enters a secret and what Find is to return for it. It returns false, and changes nothing, if the secret is there.
func (x *Index) Add(secret string, value int) bool {
	if _, there := x.Find(secret); there {
		return false
	}
	sum := maphash.String(x.seed, secret)
	x.bySum[sum] = append(x.bySum[sum], len(x.list))
	x.list, x.values = append(x.list, secret), append(x.values, value)
	return true
}

// Find returns what was entered with a secret.
func (x *Index) Find(secret string) (value int, ok bool) {
	for _, i := range x.bySum[maphash.String(x.seed, secret)] {
		if subtle.ConstantTimeCompare([]byte(x.list[i]), []byte(secret)) == 1 {
			return x.values[i], true
		}
	}
	return 0, false
}
