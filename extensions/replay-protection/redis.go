package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/redislogin"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	defaultPort       = 6379
	defaultStaticPort = 80   // of services with fixed addresses
	defaultTimeout    = 1000 // ms
	defaultPrefix     = "replay-protection"
)

// parseRedis sets up the client. A gateway that refuses it is asked again at each call.
func (c *Config) parseRedis(o field.Object) error {
	redis, set, err := o.Object("redis")
	if err != nil {
		return err
	}
	if !set {
		return errors.New("missing redis config")
	}
	name, _, err := redis.String("service_name")
	if err != nil {
		return err
	}
	if name == "" {
		return errors.New("redis service name is required")
	}
	port := int64(defaultPort)
	if strings.HasSuffix(name, ".static") {
		port = defaultStaticPort
	}
	if port, err = redis.PositiveOr("service_port", 65535, port); err != nil {
		return err
	}
	prefix, err := redis.StringOr("key_prefix", defaultPrefix)
	if err != nil {
		return err
	}
	c.prefix = prefix + ":"
	c.redis = wrapper.NewRedisClusterClient(wrapper.FQDNCluster{FQDN: name, Port: port})
	return logIn(redis, c.redis)
}

func logIn(redis field.Object, client wrapper.RedisClient) error {
	user, password, err := redislogin.Of(redis)
	if err != nil {
		return err
	}
	timeout, err := redis.PositiveOr("timeout", 600_000, defaultTimeout)
	if err != nil {
		return err
	}
	database, err := redis.PositiveOr("database", 1<<31-1, 0)
	if err != nil {
		return err
	}
	return client.Init(user, password, timeout, wrapper.WithDataBase(int(database)))
}
