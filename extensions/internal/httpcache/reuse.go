package httpcache

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

// Decision is what a stored response, whose URI and Vary fit, is good for.
type Decision struct {
	Serve             bool  // it may be served as it is
	WhileRevalidating bool  // it may be served while another request validates it (RFC 5861, section 3)
	IfError           bool  // it may be served if the backend fails (RFC 5861, section 4)
	Stale             bool  // its lifetime is over
	Age               int64 // in whole seconds, for the header
}

// Reuse decides on a stored response (RFC 9111, section 4).
func Reuse(r *Request, e *Entry, rules *Rules, now int64) Decision {
	control, request := DirectivesOf(e.Headers), requestDirectives(r.Headers)
	age, lifetime := e.Age(now), e.Lifetime(rules)
	over := age - lifetime // how long it has been stale
	d := Decision{Stale: over >= 0, Age: age / 1000}
	stale := mayBeStale(control)
	if control.Has("no-cache") {
		d.Stale = true
		return d
	}
	d.IfError = stale && within(over, max(staleIfError(control, rules), millis(request, "stale-if-error")))
	if request.Has("no-cache") {
		d.IfError = false
		return d
	}
	if limit, ok := request.Millis("max-age"); ok && age > limit {
		return d
	}
	if least, ok := request.Millis("min-fresh"); ok && -over < least {
		return d
	}
	if !d.Stale {
		d.Serve = true
		return d
	}
	if !stale {
		return d
	}
	d.Serve = acceptsStale(request, over)
	d.WhileRevalidating = within(over, millis(control, "stale-while-revalidate"))
	return d
}

// OnlyIfCached tells whether the request wants no answer but a stored one (RFC 9111, section 5.2.1.7).
func OnlyIfCached(r *Request) bool { return DirectivesOf(r.Headers).Has("only-if-cached") }

// requestDirectives are those of a request; without any, Pragma: no-cache counts as one (RFC 9111, section 5.4).
func requestDirectives(h Headers) Directives {
	d := DirectivesOf(h)
	if d != nil {
		return d
	}
	if pragma, ok := h.Joined("pragma"); ok && body.HasToken(pragma, "no-cache") {
		return Directives{"no-cache": {}}
	}
	return nil
}

// acceptsStale reads max-stale, which without a value accepts everything.
func acceptsStale(request Directives, over int64) bool {
	found, ok := request["max-stale"]
	if !ok {
		return false
	}
	if strings.Trim(found.value, " ") == "" && !found.differs {
		return true
	}
	return over <= millis(request, "max-stale")
}

// within tells whether a response is fresh, or stale for no longer than a time; no time at all allows none.
func within(over, time int64) bool { return over < 0 || time > 0 && over <= time }

func millis(d Directives, name string) int64 {
	ms, _ := d.Millis(name)
	return ms
}

// Awaits tells whether a request may be answered with what another one is about to bring. What must be validated for each
// request, because the request or the stored response e (which may be nil) says so, is of no use to others.
func Awaits(r *Request, e *Entry) bool {
	request := requestDirectives(r.Headers)
	if limit, ok := request.Millis("max-age"); ok && limit == 0 || request.Has("no-cache") || request.Has("no-store") {
		return false
	}
	return e == nil || !DirectivesOf(e.Headers).Has("no-cache")
}
