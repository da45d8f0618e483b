// Package ratelimit holds what rate limiting plugins have in common: where a request's key value comes from (Source),
// the limit keys it is compared with (Keys), how much may pass in which window (Rate), entries of `rule_items` that
// join the three (Item, Rules), how a rate is counted (Limit, with its Algorithm), counters in what the workers of one
// gateway share (Buckets), and what clients are told (Refusal, Headers).
//
// What differs between the plugins is the caller's: the name of the counted unit, whether parameters are decoded, what an
// absent value means, how a counter is named and where it is kept.
//
// Everything that reads a request is a total function: no header, cookie, query or address makes it panic, because a
// limiter that fails open would then let the request pass.
package ratelimit
