//go:build !wasmplane_noredis

package wrapper

// HExists answers 1 if the field exists.
func (c *RedisClusterClient[C]) HExists(key, field string, callback RedisResponseCallback) error {
	return c.call(callback, "hexists", key, field)
}

// HDel removes fields.
func (c *RedisClusterClient[C]) HDel(key string, fields []string, callback RedisResponseCallback) error {
	return c.call(callback, withStrings(fields, "hdel", key)...)
}

// HLen answers the number of fields.
func (c *RedisClusterClient[C]) HLen(key string, callback RedisResponseCallback) error {
	return c.call(callback, "hlen", key)
}

// HGet answers the value of a field.
func (c *RedisClusterClient[C]) HGet(key, field string, callback RedisResponseCallback) error {
	return c.call(callback, "hget", key, field)
}

// HSet sets a field.
func (c *RedisClusterClient[C]) HSet(key, field string, value interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "hset", key, field, value)
}

// HMGet answers the values of several fields.
func (c *RedisClusterClient[C]) HMGet(key string, fields []string, callback RedisResponseCallback) error {
	return c.call(callback, withStrings(fields, "hmget", key)...)
}

// HMSet sets several fields, in the order of their names.
func (c *RedisClusterClient[C]) HMSet(key string, kvMap map[string]interface{}, callback RedisResponseCallback) error {
	args := []interface{}{"hmset", key}
	for _, k := range sortedKeys(kvMap) {
		args = append(args, k, kvMap[k])
	}
	return c.call(callback, args...)
}

// HKeys answers the field names.
func (c *RedisClusterClient[C]) HKeys(key string, callback RedisResponseCallback) error {
	return c.call(callback, "hkeys", key)
}

// HVals answers the values.
func (c *RedisClusterClient[C]) HVals(key string, callback RedisResponseCallback) error {
	return c.call(callback, "hvals", key)
}

// HGetAll answers field names and values.
func (c *RedisClusterClient[C]) HGetAll(key string, callback RedisResponseCallback) error {
	return c.call(callback, "hgetall", key)
}

// HIncrBy adds delta to a field.
func (c *RedisClusterClient[C]) HIncrBy(key string, field string, delta int, callback RedisResponseCallback) error {
	return c.call(callback, "hincrby", key, field, delta)
}

// HIncrByFloat adds delta to a field.
func (c *RedisClusterClient[C]) HIncrByFloat(key string, field string, delta float64, callback RedisResponseCallback) error {
	return c.call(callback, "hincrbyfloat", key, field, delta)
}
