//go:build !wasmplane_noredis

package wrapper

// Command sends any single command.
func (c *RedisClusterClient[C]) Command(cmds []interface{}, callback RedisResponseCallback) error {
	return c.call(callback, cmds...)
}

// Eval runs a script with its keys and arguments.
func (c *RedisClusterClient[C]) Eval(script string, numkeys int, keys, args []interface{}, callback RedisResponseCallback) error {
	return c.call(callback, withValues(args, withValues(keys, "eval", script, numkeys)...)...)
}

// withValues appends values to the beginning of a command.
func withValues(values []interface{}, command ...interface{}) []interface{} {
	return append(command[:len(command):len(command)], values...)
}

// withStrings appends strings to the beginning of a command.
func withStrings(values []string, command ...interface{}) []interface{} {
	for _, v := range values {
		command = append(command, v)
	}
	return command
}

// Del removes a key.
func (c *RedisClusterClient[C]) Del(key string, callback RedisResponseCallback) error {
	return c.call(callback, "del", key)
}

// Exists answers 1 if the key exists.
func (c *RedisClusterClient[C]) Exists(key string, callback RedisResponseCallback) error {
	return c.call(callback, "exists", key)
}

// Expire sets the key's time to live in seconds.
func (c *RedisClusterClient[C]) Expire(key string, ttl int, callback RedisResponseCallback) error {
	return c.call(callback, "expire", key, ttl)
}

// Persist removes the key's time to live.
func (c *RedisClusterClient[C]) Persist(key string, callback RedisResponseCallback) error {
	return c.call(callback, "persist", key)
}

// Get answers the value of a key.
func (c *RedisClusterClient[C]) Get(key string, callback RedisResponseCallback) error {
	return c.call(callback, "get", key)
}

// Set sets the value of a key.
func (c *RedisClusterClient[C]) Set(key string, value interface{}, callback RedisResponseCallback) error {
	return c.call(callback, "set", key, value)
}

// SetEx sets the value of a key with a time to live in seconds.
func (c *RedisClusterClient[C]) SetEx(key string, value interface{}, ttl int, callback RedisResponseCallback) error {
	return c.call(callback, "set", key, value, "ex", ttl)
}

// SetNX sets the value of a key that does not exist; ttl in seconds, none if not positive.
func (c *RedisClusterClient[C]) SetNX(key string, value interface{}, ttl int, callback RedisResponseCallback) error {
	if ttl > 0 {
		return c.call(callback, "set", key, value, "nx", "ex", ttl)
	}
	return c.call(callback, "set", key, value, "nx")
}

// MGet answers the values of several keys.
func (c *RedisClusterClient[C]) MGet(keys []string, callback RedisResponseCallback) error {
	return c.call(callback, withStrings(keys, "mget")...)
}

// MSet sets several keys, in the order of their names.
func (c *RedisClusterClient[C]) MSet(kvMap map[string]interface{}, callback RedisResponseCallback) error {
	args := []interface{}{"mset"}
	for _, k := range sortedKeys(kvMap) {
		args = append(args, k, kvMap[k])
	}
	return c.call(callback, args...)
}

// Incr adds one.
func (c *RedisClusterClient[C]) Incr(key string, callback RedisResponseCallback) error {
	return c.call(callback, "incr", key)
}

// Decr subtracts one.
func (c *RedisClusterClient[C]) Decr(key string, callback RedisResponseCallback) error {
	return c.call(callback, "decr", key)
}

// IncrBy adds delta.
func (c *RedisClusterClient[C]) IncrBy(key string, delta int, callback RedisResponseCallback) error {
	return c.call(callback, "incrby", key, delta)
}

// DecrBy subtracts delta.
func (c *RedisClusterClient[C]) DecrBy(key string, delta int, callback RedisResponseCallback) error {
	return c.call(callback, "decrby", key, delta)
}
