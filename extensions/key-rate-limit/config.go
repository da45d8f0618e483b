package main

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
)

// Config is the global configuration, or that of a rule: nothing is inherited. It is one pointer, because handlers get
// a copy; nil limits nothing.
type Config struct {
	*limiter
}

// limiter is a configuration. Its limits are read-only once parsed.
type limiter struct {
	item    ratelimit.Item
	perKey  bool // one bucket for each key, else one for each value that fits it
	limits  []limit
	buckets buckets
	refusal ratelimit.Refusal
	headers ratelimit.Headers
	metrics *metrics // nil: nothing is counted
}

// buckets are where requests are counted: ratelimit.Buckets.
type buckets interface {
	Take(name string, limit *ratelimit.Limit) (ratelimit.Decision, error)
	TakeOf(name, value string, limit *ratelimit.Limit) (ratelimit.Decision, error)
}

// limit is that of one key.
type limit struct {
	ratelimit.Limit
	bucket string // name of the bucket, or of the buckets of its values
}

// parseGlobal reads the global configuration. Without one nothing is limited.
func parseGlobal(json gjson.Result, config *Config) error {
	if !json.Exists() {
		return nil
	}
	return config.parse(json, "global")
}

// parseRule reads the configuration of a rule. With `_disable_` it needs nothing else.
func parseRule(json gjson.Result, _ Config, config *Config) error {
	disabled, _, err := field.Of(json).Bool("_disable_")
	if err != nil || disabled {
		return err
	}
	return config.parse(json, conditions(json))
}

func (c *Config) parse(json gjson.Result, scope string) error {
	l := limiter{buckets: ratelimit.NewBuckets("key-rate-limit")}
	if err := l.parseKeys(json, scope); err != nil {
		return err
	}
	var err error
	if l.refusal, err = ratelimit.ParseRefusal(json, "rate_limited", "Too many requests"); err != nil {
		return err
	}
	if l.headers, err = ratelimit.ParseHeaders(json, l.item.Name); err != nil {
		return err
	}
	if l.metrics, err = parseMetrics(field.Of(json)); err != nil {
		return err
	}
	c.limiter = &l
	return nil
}

var errLimitKeys = errors.New("failed to parse configuration for limit_keys.")

// parseKeys reads the source and its keys.
func (l *limiter) parseKeys(json gjson.Result, scope string) error {
	list := json.Get("limit_keys")
	keys, err := l.parseSource(json)
	if err != nil {
		return err
	}
	if !list.Exists() || list.Type == gjson.Null || list.IsArray() && len(list.Array()) == 0 {
		return errors.New("no limit keys found in configuration")
	}
	if !list.IsArray() {
		return errLimitKeys
	}
	for i, entry := range list.Array() {
		if err := l.addKey(keys, entry, scope); err != nil {
			return errors.New(errLimitKeys.Error() + " " + field.Item("limit_keys", i) + err.Error())
		}
	}
	l.item.Keys = keys
	return nil
}

// addKey reads an entry of limit_keys. Its errors go on after the entry's place.
func (l *limiter) addKey(keys ratelimit.KeyList, entry gjson.Result, scope string) error {
	if !entry.IsObject() {
		return errors.New(": must be an object")
	}
	key, ok := text(entry.Get("key"))
	if !ok {
		return errors.New(".key: must be a string or a number that is not negative")
	}
	if err := keys.Add(key); err != nil {
		return errors.New(".key: " + err.Error())
	}
	limited, err := parseLimit(entry)
	if err != nil {
		return err
	}
	l.limits = append(l.limits, limit{limited, scope + "." + l.item.Type + "." + l.item.Name + "." + key})
	return nil
}

// text reads a string, or an unsigned number as it is written; absent and null are the empty string.
func text(v gjson.Result) (string, bool) {
	switch v.Type {
	case gjson.Null:
		return "", true
	case gjson.String:
		return v.Str, true
	case gjson.Number:
		for i := range len(v.Raw) {
			if v.Raw[i] < '0' || v.Raw[i] > '9' {
				return "", false
			}
		}
		return v.Raw, true
	}
	return "", false
}
