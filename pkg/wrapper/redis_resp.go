//go:build !envoy && !wasmplane_noredis

package wrapper

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// redisLogin is what Init was given, and whether it took effect.
type redisLogin struct {
	initialised, ready bool
	failing            bool // the last attempt failed and was logged
	username, password string
	timeout            uint32 // ms
	query              string
}

func (o *redisOptions) clusterQuery() string {
	query := "?"
	if o.database != 0 {
		query += "db=" + decimal(o.database) + "&"
	}
	return query + "buffer_flush_timeout=" + strconv.FormatInt(o.flushTimeout.Milliseconds(), 10) +
		"&max_buffer_size_before_flush=" + decimal(o.maxBufferBytes)
}

// Init tells the gateway how to connect. timeout is in milliseconds and applies to the connection's pending commands.
// The result is nil even if the gateway refuses; Ready tells, and every command tries again until it succeeds. The
// gateway keeps one connection per cluster: the last Init of all plugins wins.
func (c *RedisClusterClient[C]) Init(username, password string, timeout int64, opts ...optionFunc) error {
	options := optionsOf(opts)
	c.redisLogin = redisLogin{
		initialised: true,
		username:    username,
		password:    password,
		timeout:     redisTimeout(timeout),
		query:       options.clusterQuery(),
	}
	_ = c.connect()
	return nil
}

// connect logs changes of state only.
func (c *RedisClusterClient[C]) connect() error {
	err := proxywasm.RedisInit(c.clusterName()+c.query, c.username, c.password, c.timeout)
	c.ready = err == nil
	if err != nil && !c.failing {
		log.Warn("failed to init redis: " + err.Error() + ", will retry later")
	}
	if err == nil && c.failing {
		log.Info("redis is initialised")
	}
	c.failing = err != nil
	return err
}

func (c *RedisClusterClient[C]) makeReady() error {
	if c.ready {
		return nil
	}
	if !c.initialised {
		return errors.New("redis client is not ready, please call Init() first")
	}
	return c.connect()
}

// call sends a command. An answer that asks for authentication has the connection set up again and the command sent
// once more.
func (c *RedisClusterClient[C]) call(callback RedisResponseCallback, args ...interface{}) error {
	if err := c.makeReady(); err != nil {
		return err
	}
	name, query := c.clusterName(), respCommand(args)
	return redisCall(name, query, func(response resp.Value) {
		if err := response.Error(); err != nil && strings.Contains(err.Error(), "NOAUTH Authentication required") {
			c.ready = false
			if c.connect() == nil && redisCall(name, query, callback) == nil {
				return
			}
		}
		if callback != nil {
			callback(response)
		}
	})
}

// RedisCall sends a query in RESP to cluster, without ready check and without retry. callback may be nil. On an error
// it never runs.
func RedisCall(cluster Cluster, respQuery []byte, callback RedisResponseCallback) error {
	return redisCall(cluster.ClusterName(), respQuery, callback)
}

func redisCall(clusterName string, query []byte, callback RedisResponseCallback) error {
	if len(query) == 0 {
		return errors.New("redis query must not be empty")
	}
	call := newCallout()
	_, err := proxywasm.DispatchRedisCall(clusterName, query, func(status, responseSize int) {
		call.answered(func() { call.deliverRedis(callback, status) })
	})
	if err != nil {
		return err
	}
	call.started()
	if levelEnabled(LogLevelDebug) {
		log.Debug("redis call start, id: " + call.logID() + ", cluster: " + clusterName + ", query: " +
			base64.StdEncoding.EncodeToString(query))
	}
	return nil
}

func (c *callout) deliverRedis(callback RedisResponseCallback, status int) {
	response := redisAnswer(status)
	if levelEnabled(LogLevelDebug) {
		text, _ := response.MarshalRESP()
		log.Debug("redis call end, id: " + c.logID() + ", status: " + decimal(status) + ", response: " +
			base64.StdEncoding.EncodeToString(text))
	}
	if callback != nil {
		callback(response)
	}
}

func redisAnswer(status int) resp.Value {
	if status != 0 {
		log.Critical("redis call failed, status: " + decimal(status))
		return resp.ErrorValue(errors.New("cannot connect to redis cluster"))
	}
	raw, err := proxywasm.GetRedisCallResponse(0, math.MaxInt32)
	if err != nil {
		log.Critical("failed to get redis response: " + err.Error())
		return resp.ErrorValue(errors.New("cannot get redis response"))
	}
	value, _, err := resp.NewReader(bytes.NewReader(raw)).ReadValue()
	if err != nil {
		log.Critical("failed to read redis response: " + err.Error())
		return resp.ErrorValue(errors.New("cannot read redis response"))
	}
	return value
}
