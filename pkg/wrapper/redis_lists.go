//go:build !wasmplane_noredis

package wrapper

// LLen answers the length of a list.
func (c *RedisClusterClient[C]) LLen(key string, callback RedisResponseCallback) error {
	return c.call(callback, "llen", key)
}

// RPush appends values.
func (c *RedisClusterClient[C]) RPush(key string, vals []interface{}, callback RedisResponseCallback) error {
	return c.call(callback, withValues(vals, "rpush", key)...)
}

// RPop takes the last value.
func (c *RedisClusterClient[C]) RPop(key string, callback RedisResponseCallback) error {
	return c.call(callback, "rpop", key)
}

// LPush prepends values.
func (c *RedisClusterClient[C]) LPush(key string, vals []interface{}, callback RedisResponseCallback) error {
	return c.call(callback, withValues(vals, "lpush", key)...)
}

// LPop takes the first value.
func (c *RedisClusterClient[C]) LPop(key string, callback RedisResponseCallback) error {
	return c.call(callback, "lpop", key)
}

// LIndex answers the value at an index.
func (c *RedisClusterClient[C]) LIndex(key string, index int, callback RedisResponseCallback) error {
	return c.call(callback, "lindex", key, index)
}

// LRange answers the values from start to stop.
func (c *RedisClusterClient[C]) LRange(key string, start, stop int, callback RedisResponseCallback) error {
	return c.call(callback, "lrange", key, start, stop)
}

// LRem removes occurrences of a value.
func (c *RedisClusterClient[C]) LRem(key string, count int, value interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "lrem", key, count, value)
}

// LInsertBefore inserts a value before pivot.
func (c *RedisClusterClient[C]) LInsertBefore(key string, pivot, value interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "linsert", key, "before", pivot, value)
}

// LInsertAfter inserts a value after pivot.
func (c *RedisClusterClient[C]) LInsertAfter(key string, pivot, value interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "linsert", key, "after", pivot, value)
}
