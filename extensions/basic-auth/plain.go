package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/secrets"
)

// plainCredentials are users and passwords known in clear. Two of them may have the same user.
type plainCredentials struct {
	index     *secrets.Index // "user:password" → index into consumers
	consumers []string
}

func newPlainCredentials() *plainCredentials { return &plainCredentials{index: secrets.NewIndex()} }

func (c *plainCredentials) add(credential, consumer string) (bool, error) {
	if !c.index.Add(credential, len(c.consumers)) {
		return false, nil
	}
	c.consumers = append(c.consumers, consumer)
	return true, nil
}

func (c *plainCredentials) find(credential string) (string, bool) {
	i, ok := c.index.Find(credential)
	if !ok {
		return "", false
	}
	return c.consumers[i], true
}
