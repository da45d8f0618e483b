// Package redislogin reads how a plugin logs in to Redis.
package redislogin

import (
	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Of reads username and password of a Redis service. Numbers and switches are their texts, for YAML makes them of passwords;
// what is absent is empty.
func Of(redis field.Object) (username, password string, err error) {
	if username, _, err = consumers.Scalar(redis, "username"); err != nil {
		return "", "", err
	}
	password, _, err = consumers.Scalar(redis, "password")
	return username, password, err
}
