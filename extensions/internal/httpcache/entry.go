package httpcache

// Request is what decisions need of a request.
type Request struct {
	Method  string
	Headers Headers
}

// Entry is a response, stored or about to be.
type Entry struct {
	Status    int
	Headers   Headers // those of the response; of a stored one, what Headers.Stored leaves
	Selecting Headers // the request headers that Vary names, as Select returns them
	Requested int64   // when the request went out
	Received  int64   // when the response, or the last validation of it, came
}

// Rules are what an operator sets.
type Rules struct {
	// Heuristic is how long a response is fresh that says nothing about it, in milliseconds. 0: a tenth of the time since
	// it was last modified, at most a day (RFC 9111, section 4.2.2).
	Heuristic int64
	// StaleIfError is how long after its end of freshness a response that does not say so itself may be served if the
	// backend fails, in milliseconds.
	StaleIfError int64
	// Keep is how long after its end of freshness a response that can be validated is kept, in milliseconds.
	Keep int64
	// Statuses, unless nil, are the only ones that are stored.
	Statuses []int
	// UserHeaders name request headers that, beside Authorization, stand for a user: responses to such requests are stored
	// only if they say that they may be shared.
	UserHeaders []string
}

const day = 24 * 60 * 60 * 1000

// Lifetime is how long the response is fresh, counted from its origin, in milliseconds (RFC 9111, section 4.2.1).
func (e *Entry) Lifetime(rules *Rules) int64 {
	lifetime, explicit := e.explicitLifetime(DirectivesOf(e.Headers))
	if explicit {
		return lifetime
	}
	if rules.Heuristic > 0 {
		return rules.Heuristic
	}
	modified, ok := e.Headers.date("last-modified")
	if !ok {
		return 0
	}
	return min(max((e.date()-modified)/10, 0), day)
}

// explicitLifetime is what the response says of itself; of several statements the one for shared caches goes first, then
// max-age, then Expires.
func (e *Entry) explicitLifetime(control Directives) (ms int64, ok bool) {
	for _, name := range [...]string{"s-maxage", "max-age"} {
		if ms, ok = control.Millis(name); ok {
			return ms, true
		}
	}
	lines := 0
	for _, line := range e.Headers {
		if line[0] == "expires" {
			lines++
		}
	}
	if lines == 0 {
		return 0, false
	}
	expires, ok := e.Headers.date("expires")
	if !ok || lines > 1 {
		return 0, true
	}
	return max(expires-e.date(), 0), true
}

// date is when the response was made: its Date, or when it came.
func (e *Entry) date() int64 {
	if date, ok := e.Headers.date("date"); ok {
		return date
	}
	return e.Received / 1000 * 1000
}

// Age is how long ago the origin made or validated the response, in milliseconds (RFC 9111, section 4.2.3).
func (e *Entry) Age(now int64) int64 {
	apparent := max(e.Received-e.date(), 0)
	if apparent < 1000 {
		apparent = 0 // dates have no fractions of seconds
	}
	text, _ := e.Headers.Get("age")
	seconds, _ := deltaSeconds(text)
	corrected := seconds*1000 + max(e.Received-e.Requested, 0)
	return max(apparent, corrected) + max(now-e.Received, 0)
}

// Retention is how long a response that came just now is of use, in milliseconds: while it is fresh, may be served stale,
// or can be validated. 0: it is of none.
func (e *Entry) Retention(rules *Rules) int64 {
	control := DirectivesOf(e.Headers)
	left := max(e.Lifetime(rules)-e.Age(e.Received), 0)
	if control.Has("no-cache") {
		left = 0
	}
	after := int64(0)
	if e.Validatable() {
		after = rules.Keep
	}
	if mayBeStale(control) {
		revalidate, _ := control.Millis("stale-while-revalidate")
		after = max(after, revalidate, staleIfError(control, rules))
	}
	return left + after
}

// Validatable tells whether the response has something to validate it by.
func (e *Entry) Validatable() bool {
	if tag, ok := e.Headers.Get("etag"); ok && tag != "" {
		return true
	}
	_, ok := e.Headers.date("last-modified")
	return ok
}

// mayBeStale tells whether the response may be served stale at all (RFC 9111, section 4.2.4). s-maxage forbids it as
// proxy-revalidate does (section 5.2.2.10).
func mayBeStale(control Directives) bool {
	return !control.Has("no-cache") && !control.Has("must-revalidate") && !control.Has("proxy-revalidate") && !control.Has("s-maxage")
}

func staleIfError(control Directives, rules *Rules) int64 {
	if ms, ok := control.Millis("stale-if-error"); ok {
		return ms
	}
	return rules.StaleIfError
}
