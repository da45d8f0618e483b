package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/ratelimit"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// failureMode is what becomes of requests that Redis gives no verdict about.
type failureMode uint8

const (
	failOpen   failureMode = iota // they pass
	failClosed                    // they are refused
	failLocal                     // this gateway counts them by itself, against the same limits
)

// failureModes by their names in configurations; the zero mode where none is given.
var failureModes = map[string]failureMode{"open": failOpen, "closed": failClosed, "local": failLocal}

// unavailable is what details and status say about requests that are refused for that reason.
const (
	unavailableStatus  = 503
	unavailableDetails = "cluster-key-rate-limit.redis_unavailable"
)

// countLocally counts a request in this gateway; false where that is impossible, and the request is to pass.
func (l *limiter) countLocally(c counted) (ratelimit.Decision, bool) {
	var decision ratelimit.Decision
	var err error
	if c.limit.perValue {
		decision, err = l.buckets.TakeOf(c.limit.counter, c.value, &c.limit.Limit)
	} else {
		decision, err = l.buckets.Take(c.limit.counter+c.value, &c.limit.Limit)
	}
	if err != nil {
		log.Error("the request is not counted: " + err.Error())
	}
	return decision, err == nil
}
