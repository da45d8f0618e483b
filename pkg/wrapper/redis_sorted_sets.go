//go:build !wasmplane_noredis

package wrapper

// ZCard answers the number of members.
func (c *RedisClusterClient[C]) ZCard(key string, callback RedisResponseCallback) error {
	return c.call(callback, "zcard", key)
}

// ZAdd adds members with their scores, in the order of their names.
func (c *RedisClusterClient[C]) ZAdd(key string, msMap map[string]interface{}, callback RedisResponseCallback) error {
	args := []interface{}{"zadd", key}
	for _, member := range sortedKeys(msMap) {
		args = append(args, msMap[member], member)
	}
	return c.call(callback, args...)
}

// ZCount answers the number of members with scores from min to max.
func (c *RedisClusterClient[C]) ZCount(key string, min interface{}, max interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "zcount", key, min, max)
}

// ZIncrBy adds delta to the score of a member.
func (c *RedisClusterClient[C]) ZIncrBy(key string, member string, delta interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "zincrby", key, delta, member)
}

// ZScore answers the score of a member.
func (c *RedisClusterClient[C]) ZScore(key, member string, callback RedisResponseCallback) error {
	return c.call(callback, "zscore", key, member)
}

// ZRank answers the rank of a member, lowest score first.
func (c *RedisClusterClient[C]) ZRank(key, member string, callback RedisResponseCallback) error {
	return c.call(callback, "zrank", key, member)
}

// ZRevRank answers the rank of a member, highest score first.
func (c *RedisClusterClient[C]) ZRevRank(key, member string, callback RedisResponseCallback) error {
	return c.call(callback, "zrevrank", key, member)
}

// ZRem removes members.
func (c *RedisClusterClient[C]) ZRem(key string, members []string, callback RedisResponseCallback) error {
	return c.call(callback, withStrings(members, "zrem", key)...)
}

// ZRange answers the members from rank start to stop, lowest score first.
func (c *RedisClusterClient[C]) ZRange(key string, start, stop int, callback RedisResponseCallback) error {
	return c.call(callback, "zrange", key, start, stop)
}

// ZRevRange answers the members from rank start to stop, highest score first.
func (c *RedisClusterClient[C]) ZRevRange(key string, start, stop int, callback RedisResponseCallback) error {
	return c.call(callback, "zrevrange", key, start, stop)
}
