package httpcache

import (
	"regexp"
	"slices"
	"strings"
)

// difference is something that http-cache-semantics decides otherwise, and why response-cache does not follow it.
type difference struct {
	name, reason string
	field        string // what it shows in: storable, lifetime, age or serve
	applies      func(q *question, ours, theirs *verdict) bool
}

var differences = []difference{
	{"useless", "what is stale at once and cannot be validated is of no use later, so it need not be stored", "storable",
		func(_ *question, ours, theirs *verdict) bool {
			return ours.Obstacle == "nothing to reuse" && theirs.Lifetime <= 0
		}},
	{"repeated directives, storing", "a response whose directives contradict each other is stale (RFC 9111, section 4.2.1), so that it may be useless", "storable",
		func(q *question, ours, _ *verdict) bool {
			return ours.Obstacle == "nothing to reuse" && contradicts(control(q))
		}},
	{"apparent age, storing", "what is stale when it comes, for it says to be older (RFC 9111, section 4.2.3), may be useless", "storable",
		func(q *question, ours, _ *verdict) bool {
			return ours.Obstacle == "nothing to reuse" && ours.Age-(q.Now-q.Received)/1000 >= ours.Lifetime && ours.Lifetime > 0
		}},
	{"vary by everything", "a response with Vary: * fits no later request (RFC 9111, section 4.1): theirs is stored and never served", "storable",
		func(q *question, ours, _ *verdict) bool {
			return ours.Obstacle == "vary" && strings.Contains(value(q.Headers, "vary"), "*")
		}},
	{"cookies", "one user's cookie must never reach another one; theirs is served with public or immutable", "storable",
		func(_ *question, ours, _ *verdict) bool { return ours.Obstacle == "set-cookie" }},
	{"methods", "only responses to GET are stored, also for HEAD; a response to POST needs a Content-Location to be of use", "storable",
		func(q *question, ours, _ *verdict) bool { return ours.Obstacle == "method" && q.First.Method != "GET" }},
	{"names in capitals, storing", "directives are compared in any case (RFC 9111, section 5.2); theirs does not know Max-Age", "storable",
		func(q *question, _, _ *verdict) bool { return capitals.MatchString(control(q)) }},
	{"names in capitals", "as above", "lifetime", func(q *question, _, _ *verdict) bool { return capitals.MatchString(control(q)) }},
	{"no-cache", "ours has a lifetime that is not used, because no-cache forbids to serve without validation; theirs has none", "lifetime",
		func(q *question, ours, theirs *verdict) bool {
			return has(control(q), "no-cache") && theirs.Lifetime == 0 && !ours.Serve
		}},
	{"proxy-revalidate", "it forbids to serve stale responses (RFC 9111, section 5.2.2.8), not fresh ones", "lifetime",
		func(q *question, _, theirs *verdict) bool {
			return has(control(q), "proxy-revalidate") && theirs.Lifetime == 0
		}},
	{"Pragma in responses", "it has no meaning there (RFC 9111, section 5.4)", "lifetime",
		func(q *question, _, theirs *verdict) bool {
			return value(q.Headers, "pragma") == "no-cache" && control(q) == "" && theirs.Lifetime == 0
		}},
	{"repeated directives", "a response whose directives contradict each other is stale (RFC 9111, section 4.2.1); theirs takes the last one", "lifetime",
		func(q *question, ours, _ *verdict) bool { return contradicts(control(q)) && ours.Lifetime == 0 }},
	{"a day at most", "a guess from Last-Modified is bounded; theirs may be months", "lifetime",
		func(q *question, ours, theirs *verdict) bool {
			return ours.Lifetime == 86400 && theirs.Lifetime > 86400 && value(q.Headers, "expires") == ""
		}},
	{"negative lifetimes", "what is no number is 0; theirs counts from less, with the same result", "lifetime",
		func(_ *question, ours, theirs *verdict) bool { return ours.Lifetime == 0 && theirs.Lifetime < 0 }},
	{"apparent age", "a response that says to be older than it should be is older (RFC 9111, section 4.2.3)", "age",
		func(q *question, ours, theirs *verdict) bool {
			return value(q.Headers, "date") != "" && ours.Age > theirs.Age && ours.Age-theirs.Age < 64
		}},
	{"negative ages", "Age is not negative (RFC 9111, section 5.1); theirs counts it", "age",
		func(q *question, ours, theirs *verdict) bool {
			return value(q.Headers, "age") == "-3" && ours.Age == theirs.Age+3
		}},
	{"must-revalidate", "it forbids to serve stale responses (RFC 9111, section 5.2.2.2), not fresh ones", "serve",
		func(q *question, ours, _ *verdict) bool {
			return has(control(q), "must-revalidate") && ours.Serve && ours.Age < ours.Lifetime
		}},
	{"stale where that is forbidden", "max-stale does not lift no-cache, s-maxage and proxy-revalidate (RFC 9111, section 4.2.4)", "serve",
		func(q *question, ours, theirs *verdict) bool {
			forbidden := has(control(q), "no-cache") || has(control(q), "s-maxage") || has(control(q), "proxy-revalidate")
			return forbidden && !ours.Serve && theirs.Serve && ours.Age >= ours.Lifetime
		}},
	{"Pragma beside Cache-Control", "Pragma counts only in requests without Cache-Control (RFC 9111, section 5.4)", "serve",
		func(q *question, ours, _ *verdict) bool {
			return ours.Serve && value(q.Then.Headers, "pragma") == "no-cache" && value(q.Then.Headers, "cache-control") != ""
		}},
	{"the last second of max-stale", "max-stale is the time that must not be exceeded (RFC 9111, section 5.2.1.2); theirs must stay below it", "serve",
		func(q *question, ours, _ *verdict) bool {
			return ours.Serve && has(asked(q), "max-stale") && ours.Age-ours.Lifetime >= 0
		}},
	{"repeated directives of requests", "contradicting ones are taken as 0; theirs takes the last one", "serve",
		func(q *question, _, _ *verdict) bool { return contradicts(asked(q)) }},
}

var capitals = regexp.MustCompile(`[A-Z]+[a-zA-Z-]*=`)

func explained(q *question, ours, theirs *verdict, field string) string {
	for _, d := range differences {
		if d.field == field && d.applies(q, ours, theirs) {
			return d.name
		}
	}
	return ""
}

func value(headers [][2]string, name string) string {
	for _, h := range headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func control(q *question) string { return value(q.Headers, "cache-control") }

func asked(q *question) string { return value(q.Then.Headers, "cache-control") }

func has(list, directive string) bool {
	return slices.ContainsFunc(items(list), func(item string) bool { name, _, _ := strings.Cut(item, "="); return name == directive })
}

// contradicts tells whether a directive is there with different values.
func contradicts(list string) bool {
	values := map[string]string{}
	for _, item := range items(list) {
		name, value, _ := strings.Cut(item, "=")
		if before, again := values[name]; again && before != value {
			return true
		}
		values[name] = value
	}
	return false
}

// items divides what generate_test.go has joined.
func items(list string) []string {
	var found []string
	for _, item := range strings.Split(list, ",") {
		found = append(found, strings.Trim(strings.ToLower(item), " "))
	}
	return found
}
