package httpcache

import "slices"

// Obstacle says why a response may not be stored; the zero value is none.
type Obstacle string

const (
	OfMethod   Obstacle = "method"             // only responses to GET are stored
	OfStatus   Obstacle = "status"             // 206 and 304 are parts of responses, others are not to be cached
	NoStore    Obstacle = "no-store"           // request or response says so
	Private    Obstacle = "private"            // the response is one user's
	Cookie     Obstacle = "set-cookie"         // the response is one user's, whatever else it says
	User       Obstacle = "user"               // the request is a user's, and the response does not say that all may have it
	VaryAll    Obstacle = "vary"               // no other request can be known to fit
	Useless    Obstacle = "nothing to reuse"   // stale at once, and nothing to validate it by
	RangeReply Obstacle = "part of a response" // Content-Range in what should be whole
)

// heuristic are the statuses that may be stored without an explicit lifetime (RFC 9110, section 15.1), save 206; known are
// those that may be stored with one.
var (
	heuristic = []int{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
	known     = []int{302, 303, 307}
)

// Storable tells what keeps a response to a request from being stored (RFC 9111, section 3).
func Storable(r *Request, e *Entry, rules *Rules) Obstacle {
	control := DirectivesOf(e.Headers)
	_, explicit := e.explicitLifetime(control)
	switch {
	case r.Method != "GET":
		return OfMethod
	case !slices.Contains(heuristic, e.Status) && !(slices.Contains(known, e.Status) && (explicit || control.Has("public"))):
		return OfStatus
	case rules.Statuses != nil && !slices.Contains(rules.Statuses, e.Status):
		return OfStatus
	case DirectivesOf(r.Headers).Has("no-store"), control.Has("no-store"):
		return NoStore
	case control.Has("private"):
		return Private
	case e.Headers.Has("set-cookie"):
		return Cookie
	case e.Headers.Has("content-range"):
		return RangeReply
	case OfUser(r, rules) && !sharedAmongUsers(control):
		return User
	}
	if _, all := Varies(e.Headers); all {
		return VaryAll
	}
	if e.Retention(rules) == 0 {
		return Useless
	}
	return ""
}

// OfUser tells whether a request is a user's: the answer to it may be stored only if it says that others may have it.
func OfUser(r *Request, rules *Rules) bool {
	return r.Headers.Has("authorization") || slices.ContainsFunc(rules.UserHeaders, r.Headers.Has)
}

// sharedAmongUsers tells whether a response to an authenticated request may be stored (RFC 9111, section 3.5).
func sharedAmongUsers(control Directives) bool {
	return control.Has("public") || control.Has("s-maxage") || control.Has("must-revalidate")
}
