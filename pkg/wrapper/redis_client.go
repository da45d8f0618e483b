package wrapper

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// RedisResponseCallback receives the answer to a command. Errors, those of the server and those of the transport, are
// values whose Error() is not nil; a null bulk is a null value.
type RedisResponseCallback func(response resp.Value)

// RedisClusterClient implements RedisClient for a cluster.
type RedisClusterClient[C Cluster] struct {
	cluster C
	name    string // of a cluster whose name never changes
	redisLogin
}

// redisLogin is what Init was given, and whether it took effect.
type redisLogin struct {
	initialised, ready bool
	failing            bool // the last attempt failed and was logged
	username, password string
	timeout            uint32 // ms
	query              string
}

var _ RedisClient = (*RedisClusterClient[TargetCluster])(nil)

// redisOptions are the settings that travel in the cluster argument's query.
type redisOptions struct {
	database       int
	flushTimeout   time.Duration
	maxBufferBytes int
}

type optionFunc func(*redisOptions)

// WithDataBase selects a database; 0 by default.
func WithDataBase(dataBase int) optionFunc {
	return func(o *redisOptions) { o.database = dataBase }
}

// WithBufferFlushTimeout sets how long the gateway collects commands before it sends them, in whole milliseconds;
// 3 ms by default.
func WithBufferFlushTimeout(timeout time.Duration) optionFunc {
	return func(o *redisOptions) { o.flushTimeout = timeout }
}

// WithMaxBufferSizeBeforeFlush sets how many bytes of commands the gateway collects before it sends them; 1024 by
// default.
func WithMaxBufferSizeBeforeFlush(size int) optionFunc {
	return func(o *redisOptions) { o.maxBufferBytes = size }
}

// WithDisableBuffer has every command sent at once.
func WithDisableBuffer() optionFunc {
	return func(o *redisOptions) { o.flushTimeout, o.maxBufferBytes = 0, 0 }
}

func (o *redisOptions) clusterQuery() string {
	query := "?"
	if o.database != 0 {
		query += "db=" + decimal(o.database) + "&"
	}
	return query + "buffer_flush_timeout=" + strconv.FormatInt(o.flushTimeout.Milliseconds(), 10) +
		"&max_buffer_size_before_flush=" + decimal(o.maxBufferBytes)
}

// NewRedisClusterClient returns a client of cluster. Call Init before the first command.
func NewRedisClusterClient[C Cluster](cluster C) *RedisClusterClient[C] {
	name, _ := fixedClusterName(cluster)
	return &RedisClusterClient[C]{cluster: cluster, name: name}
}

func (c *RedisClusterClient[C]) clusterName() string {
	if c.name != "" {
		return c.name
	}
	return c.cluster.ClusterName()
}

// Init tells the gateway how to connect. timeout is in milliseconds and applies to the connection's pending commands.
// The result is nil even if the gateway refuses; Ready tells, and every command tries again until it succeeds. The
// gateway keeps one connection per cluster: the last Init of all plugins wins.
func (c *RedisClusterClient[C]) Init(username, password string, timeout int64, opts ...optionFunc) error {
	options := redisOptions{flushTimeout: 3 * time.Millisecond, maxBufferBytes: 1024}
	for _, o := range opts {
		if o != nil {
			o(&options)
		}
	}
	c.redisLogin = redisLogin{
		initialised: true,
		username:    username,
		password:    password,
		timeout:     uint32(min(max(timeout, 0), math.MaxUint32)),
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

// Ready reports whether the gateway has accepted the last Init.
func (c *RedisClusterClient[C]) Ready() bool { return c.ready }

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
