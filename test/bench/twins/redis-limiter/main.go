// The twin of extensions/cluster-key-rate-limit on github.com/higress-group/wasm-go, for its global threshold: one
// counter in Redis for all requests of a window.
package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/log"
	"github.com/higress-group/wasm-go/pkg/wrapper"
	"github.com/tidwall/gjson"
	"github.com/tidwall/resp"
)

func main() {}

func init() {
	wrapper.SetCtx(
		"cluster-key-rate-limit",
		wrapper.ParseConfig(parseConfig),
		wrapper.ProcessRequestHeaders(onRequestHeaders),
		wrapper.ProcessResponseHeaders(onResponseHeaders),
	)
}

const script = `local n = redis.call('incr', KEYS[1])
if n == 1 then redis.call('expire', KEYS[1], ARGV[2]) end
return {tonumber(ARGV[1]), n, redis.call('ttl', KEYS[1])}`

type config struct {
	redis       wrapper.RedisClient
	counter     string
	threshold   int64
	window      int64 // seconds
	quotaHeader bool
}

func parseConfig(json gjson.Result, c *config) error {
	redis := json.Get("redis")
	if redis.Get("service_name").String() == "" {
		return errors.New("redis.service_name is required")
	}
	c.redis = wrapper.NewRedisClusterClient(wrapper.FQDNCluster{FQDN: redis.Get("service_name").String(), Port: redis.Get("service_port").Int()})
	if err := c.redis.Init(redis.Get("username").String(), redis.Get("password").String(), 1000); err != nil {
		return err
	}
	for field, window := range map[string]int64{"query_per_second": 1, "query_per_minute": 60, "query_per_hour": 3600, "query_per_day": 86400} {
		if v := json.Get("global_threshold." + field); v.Exists() {
			c.threshold, c.window = v.Int(), window
		}
	}
	if c.threshold <= 0 {
		return errors.New("global_threshold is required")
	}
	c.counter = fmt.Sprintf("higress-cluster-key-rate-limit:%s:global_threshold:%d", json.Get("rule_name").String(), c.window)
	c.quotaHeader = json.Get("show_limit_quota_header").Bool()
	return nil
}

type quota struct{ threshold, count int }

func onRequestHeaders(ctx wrapper.HttpContext, c config) types.Action {
	ctx.DisableReroute()
	err := c.redis.Eval(script, 1, []interface{}{c.counter}, []interface{}{c.threshold, c.window}, func(response resp.Value) {
		list := response.Array()
		switch {
		case len(list) != 3:
			log.Errorf("unexpected answer: %v", response)
		case list[1].Integer() > list[0].Integer():
			headers := [][2]string{{"X-RateLimit-Reset", strconv.Itoa(list[2].Integer())}}
			_ = proxywasm.SendHttpResponseWithDetail(429, "cluster-key-rate-limit.rejected", headers, []byte("Too many requests"), -1)
			return
		default:
			ctx.SetContext("quota", quota{list[0].Integer(), list[1].Integer()})
		}
		_ = proxywasm.ResumeHttpRequest()
	})
	if err != nil {
		log.Errorf("redis call failed: %v", err)
		return types.ActionContinue
	}
	return types.HeaderStopAllIterationAndWatermark
}

func onResponseHeaders(ctx wrapper.HttpContext, c config) types.Action {
	if q, ok := ctx.GetContext("quota").(quota); ok && c.quotaHeader {
		_ = proxywasm.ReplaceHttpResponseHeader("X-RateLimit-Limit", strconv.Itoa(q.threshold))
		_ = proxywasm.ReplaceHttpResponseHeader("X-RateLimit-Remaining", strconv.Itoa(q.threshold-q.count))
	}
	return types.ActionContinue
}
