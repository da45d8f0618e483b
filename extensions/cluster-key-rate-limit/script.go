package main

import (
	"github.com/tidwall/resp"

	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
)

// script counts one request in a fixed window, atomically. KEYS[1] is the counter, ARGV the threshold and the window in
// seconds. It answers threshold, counter and the seconds until the window ends.
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

// slidingScript decides as ratelimit.SlidingWindow does, in the same order. ARGV are the threshold and the window in
// seconds. The key holds the start of the window in µs, how many have passed in it, and in the one before. The answer is
// 1 if the request may pass, how many more may, and the seconds until that number grows.
const slidingScript = `local limit = tonumber(ARGV[1])
local window = tonumber(ARGV[2]) * 1000000
local time = redis.call('time')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local start, count, before = now, 0, 0
local state = redis.call('get', KEYS[1])
if state then
  local a, b, c = string.match(state, '^(%d+) (%d+) (%d+)$')
  if a then start, count, before = math.min(tonumber(a), now), tonumber(b), tonumber(c) end
end
if now - start >= 2 * window then
  start, count, before = now, 0, 0
elseif now - start >= window then
  start, count, before = start + window, 0, count
end
local elapsed = now - start
local used = before * (window - elapsed) / window + count
local passed = 0
if used + 1 <= limit then
  passed, count, used = 1, count + 1, used + 1
  redis.call('set', KEYS[1], string.format('%.0f %.0f %.0f', start, count, before), 'px', string.format('%.0f', math.ceil((2 * window - elapsed) / 1000)))
end
local left = math.max(0, math.floor(limit - used))
local room, wait = limit - left - 1, 0
if room >= 0 and count > room then
  wait = window - elapsed + window - window * room / count
elseif room >= 0 and before > 0 then
  wait = window - window * (room - count) / before - elapsed
end
return {passed, left, math.max(0, math.ceil(wait / 1000000))}`

// bucketScript decides as ratelimit.TokenBucket does, in the same order. ARGV are the threshold, the window in seconds
// and the burst. The key holds the tokens, to the last bit, and when they were counted in µs. It answers as slidingScript.
const bucketScript = `local rate = tonumber(ARGV[1])
local window = tonumber(ARGV[2]) * 1000000
local burst = tonumber(ARGV[3])
local time = redis.call('time')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local tokens, at = burst, now
local state = redis.call('get', KEYS[1])
if state then
  local a, b = string.match(state, '^(%S+) (%d+)$')
  if a and tonumber(a) then tokens, at = tonumber(a), math.min(tonumber(b), now) end
end
tokens = math.min(burst, tokens + (now - at) * rate / window)
local passed = 0
if tokens >= 1 then
  passed, tokens = 1, tokens - 1
  local full = math.min(1e12, math.ceil((burst - tokens) * window / rate / 1000))
  redis.call('set', KEYS[1], string.format('%.17g %.0f', tokens, now), 'px', string.format('%.0f', full))
end
local left, wait = math.floor(tokens), 0
if left + 1 <= burst then wait = (left + 1 - tokens) * window / rate end
return {passed, left, math.ceil(wait / 1000000)}`

// scripts by algorithm.
var scripts = [...]string{ratelimit.FixedWindow: script, ratelimit.SlidingWindow: slidingScript, ratelimit.TokenBucket: bucketScript}

// quota is the answer of the script for fixed windows.
type quota struct {
	threshold int
	count     int // requests of the window so far, this one included; threshold+1 if it may not pass
	reset     int // seconds until the window ends
}

// parseQuota reads that answer; false for everything but three integers.
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

// parseDecision reads the answer of the limit's script; false for everything but three integers.
func (l *limit) parseDecision(response resp.Value) (ratelimit.Decision, bool) {
	q, ok := parseQuota(response)
	if !ok {
		return ratelimit.Decision{}, false
	}
	if l.Algorithm != ratelimit.FixedWindow {
		passed, remaining, reset := q.threshold == 1, int64(q.count), int64(q.reset)
		return ratelimit.Decision{Passed: passed, Quota: l.Quota(), Remaining: remaining, Reset: reset}, true
	}
	left := int64(max(0, q.threshold-q.count))
	return ratelimit.Decision{Passed: q.count <= q.threshold, Quota: int64(q.threshold), Remaining: left, Reset: int64(q.reset)}, true
}
