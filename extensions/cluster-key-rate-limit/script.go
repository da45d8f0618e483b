package main

import (
	"github.com/tidwall/resp"
)

// script counts one request, atomically. KEYS[1] is the counter, ARGV the threshold and the window in seconds. It answers
// threshold, counter and the seconds until the window ends.
//
// A counter above the threshold is left as it is, so it never exceeds the threshold by more than one. The window starts
// with the first request. A counter without expiry, which would otherwise block for ever, gets one.
const script = `local threshold = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local count = tonumber(redis.call('get', KEYS[1]) or '0')
if count <= threshold then
  count = redis.call('incr', KEYS[1])
  if count == 1 then redis.call('expire', KEYS[1], window) end
end
local ttl = redis.call('ttl', KEYS[1])
if ttl < 0 then
  redis.call('expire', KEYS[1], window)
  ttl = window
end
return {threshold, count, ttl}`

// quota is the script's answer.
type quota struct {
	threshold int
	count     int // requests of the window so far, this one included; threshold+1 if it may not pass
	reset     int // seconds until the window ends
}

// parseQuota reads the script's answer; false for everything but three integers.
func parseQuota(response resp.Value) (quota, bool) {
	list := response.Array()
	if len(list) != 3 {
		return quota{}, false
	}
	for i := range list {
		if list[i].Type() != resp.Integer {
			return quota{}, false
		}
	}
	return quota{threshold: list[0].Integer(), count: list[1].Integer(), reset: list[2].Integer()}, true
}
