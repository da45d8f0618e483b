package main

import (
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Config is the global configuration, or that of a rule: nothing is inherited. It is one pointer, because handlers get
// a copy.
type Config struct {
	*limiter
}

// limiter is a configuration. It is read-only once parsed.
type limiter struct {
	redis       wrapper.RedisClient
	global      *limit // the one limit, or nil
	items       []item // tried in order where there is no global limit
	refusal     ratelimit.Refusal
	quotaHeader bool // show_limit_quota_header
}

// item is an entry of rule_items with the limits of its keys, by their index.
type item struct {
	ratelimit.Item
	limits []limit
}

// limit is a rate with what a Redis call needs, made once: requests only add the value to the counter's name.
type limit struct {
	counter string        // name of the counter; of a key's limit, all of it but the value
	args    []interface{} // ARGV of the script: threshold and window in seconds, as text
}

// parseConfig reads a configuration. Redis comes first.
func parseConfig(json gjson.Result, config *Config) error {
	var l limiter
	var err error
	if l.redis, err = parseRedis(json.Get("redis")); err != nil {
		return err
	}
	rules, err := ratelimit.ParseRules(json, "query")
	if err != nil {
		return err
	}
	l.setRules(&rules)
	if l.refusal, err = ratelimit.ParseRefusal(json, "cluster-key-rate-limit.rejected"); err != nil {
		return err
	}
	l.quotaHeader = json.Get("show_limit_quota_header").Bool()
	config.limiter = &l
	return nil
}

func (l *limiter) setRules(rules *ratelimit.Rules) {
	base := "higress-cluster-key-rate-limit:" + rules.Name + ":"
	if len(rules.Items) == 0 {
		global := newLimit(base+"global_threshold", "", rules.Global)
		l.global = &global
		return
	}
	l.items = make([]item, len(rules.Items))
	for i, entry := range rules.Items {
		limits := make([]limit, len(entry.Rates))
		for k, rate := range entry.Rates {
			limits[k] = newLimit(base+entry.Type, ":"+entry.Name+":", rate)
		}
		l.items[i] = item{entry, limits}
	}
}

// maxThreshold is the largest number up to which the script counts exactly: numbers of Lua are floating point.
const maxThreshold = 1 << 53

func newLimit(before, after string, rate ratelimit.Rate) limit {
	window := strconv.FormatInt(rate.Window, 10)
	threshold := strconv.FormatInt(min(rate.Threshold, maxThreshold), 10)
	return limit{counter: before + ":" + window + after, args: []interface{}{threshold, window}}
}
