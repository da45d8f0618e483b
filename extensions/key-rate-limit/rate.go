package main

import (
	"errors"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
)

// windows are the fields of a rate, in the order in which they count.
var windows = [...]struct {
	field   string
	seconds int64
}{
	{"query_per_second", 1},
	{"query_per_minute", 60},
	{"query_per_hour", 3600},
	{"query_per_day", 86400},
}

// parseLimit reads the rate of a key: the first that is there and not 0. With burst the bucket gains tokens evenly instead
// of being filled once a window. Errors go on after the entry's place.
func parseLimit(entry gjson.Result) (ratelimit.Limit, error) {
	var limit ratelimit.Limit
	for _, w := range windows {
		number, err := parseNumber(entry.Get(w.field))
		if err != nil {
			return limit, errors.New("." + w.field + ": " + err.Error())
		}
		if number > 0 && limit.Threshold == 0 {
			limit.Rate = ratelimit.Rate{Threshold: number, Window: w.seconds}
		}
	}
	if limit.Threshold == 0 {
		return limit, errors.New(": one of 'query_per_second', 'query_per_minute', 'query_per_hour' or 'query_per_day' must be set")
	}
	burst, set, err := field.Of(entry).Int("burst", 1, ratelimit.MaxThreshold)
	if err != nil {
		return limit, errors.New("." + err.Error())
	}
	if !set {
		return limit, nil
	}
	limit.Burst = burst
	return ratelimit.NewLimit(limit.Rate, ratelimit.TokenBucket)
}

// parseNumber reads a number or a text of one; fractions are cut. Absent, null and the empty text are 0.
func parseNumber(v gjson.Result) (int64, error) {
	text := v.Raw
	switch {
	case v.Type == gjson.Null:
		return 0, nil
	case v.Type == gjson.String:
		text = v.Str
	case v.Type != gjson.Number:
		return 0, errors.New("must be a number, not " + v.Raw)
	}
	if text == "" {
		return 0, nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		fraction, err := strconv.ParseFloat(text, 64)
		if err != nil || fraction != fraction {
			return 0, errors.New("must be a number, not " + v.Raw)
		}
		number = int64(max(-1, min(fraction, ratelimit.MaxThreshold)))
		if fraction < 0 {
			number = -1
		}
	}
	if number < 0 {
		return 0, errors.New("must not be negative, but is " + text)
	}
	return min(number, ratelimit.MaxThreshold), nil
}
