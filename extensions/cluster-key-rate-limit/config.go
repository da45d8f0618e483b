package main

import (
	"fmt"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
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
	redis   wrapper.RedisClient
	global  *limit // the one limit, or nil
	items   []item // tried in order where there is no global limit
	refusal ratelimit.Refusal
	headers ratelimit.Headers
	failure failureMode
	buckets *ratelimit.Buckets // where is counted without Redis; nil unless failure is failLocal
	dryRun  bool               // refuse nothing
}

// item is an entry of rule_items with the limits of its keys, by their index.
type item struct {
	ratelimit.Item
	limits []limit
}

// limit is a rate with what a Redis call needs, made once: requests only add the value to the counter's name.
type limit struct {
	ratelimit.Limit
	counter  string        // name of the counter; of a key's limit, all of it but the value
	args     []interface{} // ARGV of the script, as text
	perValue bool          // values are what clients say, so there may be any number of counters
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
	algorithm, err := ratelimit.ParseAlgorithm(field.Of(json))
	if err != nil {
		return err
	}
	if err := l.setRules(&rules, algorithm); err != nil {
		return err
	}
	if l.refusal, err = ratelimit.ParseRefusal(json, "Too many requests", "cluster-key-rate-limit.rejected"); err != nil {
		return err
	}
	if l.headers, err = ratelimit.ParseHeaders(json, rules.Name); err != nil {
		return err
	}
	if err := l.parseModes(field.Of(json)); err != nil {
		return err
	}
	config.limiter = &l
	return nil
}

func (l *limiter) parseModes(o field.Object) error {
	mode, err := o.Enum("failure_mode", "open", "closed", "local")
	if err != nil {
		return err
	}
	l.failure = failureModes[mode]
	if l.failure == failLocal {
		l.buckets = ratelimit.NewBuckets("cluster-key-rate-limit")
	}
	l.dryRun, _, err = o.Bool("dry_run")
	return err
}

func (l *limiter) setRules(rules *ratelimit.Rules, algorithm ratelimit.Algorithm) error {
	base := "higress-cluster-key-rate-limit:" + rules.Name + ":"
	if algorithm != ratelimit.FixedWindow {
		base += algorithm.String() + ":"
	}
	if len(rules.Items) == 0 {
		global, err := newLimit(base+"global_threshold", "", rules.Global, algorithm)
		if err != nil {
			return fmt.Errorf("failed to parse global_threshold: %w", err)
		}
		l.global = &global
		return nil
	}
	l.items = make([]item, len(rules.Items))
	for i, entry := range rules.Items {
		limits := make([]limit, len(entry.Rates))
		for k, rate := range entry.Rates {
			var err error
			if limits[k], err = newLimit(base+entry.Type, ":"+entry.Name+":", rate, algorithm); err != nil {
				return fmt.Errorf("failed to parse rule_item in rule_items: %w", err)
			}
			limits[k].perValue = entry.PerValue
		}
		l.items[i] = item{entry, limits}
	}
	return nil
}

// maxThreshold is the largest number up to which the scripts count exactly: numbers of Lua are floating point.
const maxThreshold = ratelimit.MaxThreshold

func newLimit(before, after string, rate ratelimit.Rate, algorithm ratelimit.Algorithm) (limit, error) {
	l, err := ratelimit.NewLimit(rate, algorithm)
	window := strconv.FormatInt(l.Window, 10)
	args := []interface{}{strconv.FormatInt(l.Threshold, 10), window}
	if algorithm == ratelimit.TokenBucket {
		args = append(args, strconv.FormatInt(l.Burst, 10))
	}
	return limit{Limit: l, counter: before + ":" + window + after, args: args}, err
}
