//go:build !wasmplane_noredis

package wrapper

import (
	"math"
	"time"

	"github.com/tidwall/resp"
)

// RedisResponseCallback receives the answer to a command. Errors, those of the server and those of the transport, are
// values whose Error() is not nil; a null bulk is a null value.
type RedisResponseCallback func(response resp.Value)

// RedisClusterClient implements RedisClient for a cluster. Built with the tag envoy, for hosts without Redis call-outs,
// it speaks to a Redis HTTP gateway instead; how is in redis_rest.go.
type RedisClusterClient[C Cluster] struct {
	cluster C
	name    string // of a cluster whose name never changes
	redisLogin
}

var _ RedisClient = (*RedisClusterClient[TargetCluster])(nil)

// redisOptions are the settings of Init besides the login.
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

func optionsOf(opts []optionFunc) redisOptions {
	options := redisOptions{flushTimeout: 3 * time.Millisecond, maxBufferBytes: 1024}
	for _, o := range opts {
		if o != nil {
			o(&options)
		}
	}
	return options
}

// redisTimeout is a timeout in milliseconds as hosts take it.
func redisTimeout(timeout int64) uint32 { return uint32(min(max(timeout, 0), math.MaxUint32)) }

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

// Ready reports whether the last Init has taken effect.
func (c *RedisClusterClient[C]) Ready() bool { return c.ready }
