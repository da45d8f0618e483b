package ratelimit

import (
	"errors"
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Rate is how much may pass in one window.
type Rate struct {
	Threshold int64 // at least 1
	Window    int64 // seconds: 1, 60, 3600 or 86400
	Burst     int64 // how many may pass at once, at least 1; 0 if that is not said
}

// windows are the fields of a rate, without the unit, in the order in which they count.
var windows = [...]struct {
	suffix  string
	seconds int64
}{
	{"_per_second", 1},
	{"_per_minute", 60},
	{"_per_hour", 3600},
	{"_per_day", 86400},
}

// parseGlobalRate reads the rate of global_threshold.
func parseGlobalRate(json gjson.Result, unit string) (Rate, error) {
	return parseRate(json, unit, " for global_threshold", "")
}

// parseKeyRate reads the rate of an entry of limit_keys.
func parseKeyRate(json gjson.Result, unit, key string) (Rate, error) {
	return parseRate(json, unit, " for key: "+key, " for key '"+key+"'")
}

// parseRate reads the first of <unit>_per_second, <unit>_per_minute, <unit>_per_hour and <unit>_per_day that is there;
// the others are ignored with a warning. missing and bad end the error texts.
func parseRate(json gjson.Result, unit, missing, bad string) (Rate, error) {
	var rate Rate
	chosen := ""
	for _, w := range windows {
		field := unit + w.suffix
		value := json.Get(field)
		if !value.Exists() {
			continue
		}
		if chosen != "" {
			log.Warn("'" + field + "' is ignored beside '" + chosen + "'" + missing)
			continue
		}
		chosen, rate = field, Rate{Threshold: value.Int(), Window: w.seconds}
	}
	if chosen == "" {
		return rate, errors.New("one of '" + unit + "_per_second', '" + unit + "_per_minute', '" + unit + "_per_hour', or '" +
			unit + "_per_day' must be set" + missing)
	}
	if rate.Threshold <= 0 {
		return rate, fmt.Errorf("'%s' must be a positive integer%s, got %d", chosen, bad, rate.Threshold)
	}
	if burst := json.Get("burst"); isSet(burst) {
		if rate.Burst = burst.Int(); rate.Burst <= 0 {
			return rate, fmt.Errorf("'burst' must be a positive integer%s, got %d", bad, rate.Burst)
		}
	}
	return rate, nil
}
