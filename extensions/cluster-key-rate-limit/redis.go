package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	defaultPort       = 6379
	defaultStaticPort = 80   // of services with fixed addresses
	defaultTimeout    = 1000 // ms
)

// parseRedis sets up the client. A gateway that refuses it is asked again at each call.
func parseRedis(json gjson.Result) (wrapper.RedisClient, error) {
	if !json.Exists() {
		return nil, errors.New("missing redis in config")
	}
	name := json.Get("service_name").String()
	if name == "" {
		return nil, errors.New("redis service name must not be empty")
	}
	port := json.Get("service_port").Int()
	if port == 0 {
		port = defaultPort
		if strings.HasSuffix(name, ".static") {
			port = defaultStaticPort
		}
	}
	timeout := json.Get("timeout").Int()
	if timeout == 0 {
		timeout = defaultTimeout
	}
	client := wrapper.NewRedisClusterClient(wrapper.FQDNCluster{FQDN: name, Port: port})
	database := wrapper.WithDataBase(int(json.Get("database").Int()))
	return client, client.Init(json.Get("username").String(), json.Get("password").String(), timeout, database)
}
