//go:build !wasmplane_noredis

package wrapper

// SCard answers the number of members.
func (c *RedisClusterClient[C]) SCard(key string, callback RedisResponseCallback) error {
	return c.call(callback, "scard", key)
}

// SAdd adds members.
func (c *RedisClusterClient[C]) SAdd(key string, vals []interface{}, callback RedisResponseCallback) error {
	return c.call(callback, withValues(vals, "sadd", key)...)
}

// SRem removes members.
func (c *RedisClusterClient[C]) SRem(key string, vals []interface{}, callback RedisResponseCallback) error {
	return c.call(callback, withValues(vals, "srem", key)...)
}

// SIsMember answers 1 if value is a member.
func (c *RedisClusterClient[C]) SIsMember(key string, value interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "sismember", key, value)
}

// SMembers answers the members.
func (c *RedisClusterClient[C]) SMembers(key string, callback RedisResponseCallback) error {
	return c.call(callback, "smembers", key)
}

// SDiff answers the members of key1 that key2 lacks.
func (c *RedisClusterClient[C]) SDiff(key1, key2 string, callback RedisResponseCallback) error {
	return c.call(callback, "sdiff", key1, key2)
}

// SDiffStore stores the members of key1 that key2 lacks.
func (c *RedisClusterClient[C]) SDiffStore(destination, key1, key2 string, callback RedisResponseCallback) error {
	return c.call(callback, "sdiffstore", destination, key1, key2)
}

// SInter answers the common members.
func (c *RedisClusterClient[C]) SInter(key1, key2 string, callback RedisResponseCallback) error {
	return c.call(callback, "sinter", key1, key2)
}

// SInterStore stores the common members.
func (c *RedisClusterClient[C]) SInterStore(destination, key1, key2 string, callback RedisResponseCallback) error {
	return c.call(callback, "sinterstore", destination, key1, key2)
}

// SUnion answers the members of either.
func (c *RedisClusterClient[C]) SUnion(key1, key2 string, callback RedisResponseCallback) error {
	return c.call(callback, "sunion", key1, key2)
}

// SUnionStore stores the members of either.
func (c *RedisClusterClient[C]) SUnionStore(destination, key1, key2 string, callback RedisResponseCallback) error {
	return c.call(callback, "sunionstore", destination, key1, key2)
}
