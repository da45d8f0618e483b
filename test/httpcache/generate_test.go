package httpcache

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// message is a request.
type message struct {
	Method  string      `json:"method"`
	Headers [][2]string `json:"headers"`
}

// question is a request, its response, and another request for the same URI.
type question struct {
	First    message     `json:"first"`
	Status   int         `json:"status"`
	Headers  [][2]string `json:"headers"`
	Received int64       `json:"received"`
	Then     message     `json:"then"`
	Now      int64       `json:"now"`
}

// start is when responses come, a whole second.
var start = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

type generator struct{ *rand.Rand }

func (g generator) pick(options ...string) string { return options[g.IntN(len(options))] }

// maybe is one of the options in one of n cases, else "".
func (g generator) maybe(n int, options ...string) string {
	if g.IntN(n) > 0 {
		return ""
	}
	return g.pick(options...)
}

func (g generator) question() question {
	q := question{Status: 200, Received: start.UnixMilli()}
	q.First.Method, q.Then.Method = "GET", "GET"
	if method := g.maybe(15, "HEAD", "POST", "PUT"); method != "" {
		q.First.Method, q.Then.Method = method, method
	}
	if g.IntN(3) == 0 {
		q.Status = []int{200, 203, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 404, 405, 410, 414, 500, 501, 503}[g.IntN(19)]
	}
	q.Headers = g.response()
	add(&q.First.Headers, "authorization", g.maybe(5, "Bearer a"))
	add(&q.First.Headers, "cache-control", g.maybe(12, "no-store", "no-cache", "max-age=0"))
	for _, r := range []*message{&q.First, &q.Then} {
		add(&r.Headers, "accept", g.maybe(3, "a", "b"))
		add(&r.Headers, "accept-language", g.maybe(3, "de", "en"))
	}
	add(&q.Then.Headers, "cache-control", g.directives(2, "no-cache", "max-age=5", "max-age=0", "max-age=50", "min-fresh=5",
		"min-fresh=200", "max-stale", "max-stale=0", "max-stale=30", "max-stale=1000", "no-transform"))
	add(&q.Then.Headers, "pragma", g.maybe(20, "no-cache", "x"))
	q.Now = q.Received + []int64{0, 1, 4, 5, 6, 10, 11, 50, 100, 101, 120, 2000, 100000}[g.IntN(13)]*1000
	return q
}

func (g generator) response() (headers [][2]string) {
	add(&headers, "cache-control", g.directives(3, "max-age=0", "max-age=10", "max-age=100", "max-age=2000", "s-maxage=2000", "public", "max-age=100", "max-age=2000", "Max-Age=100", `max-age="100"`, "max-age=x", "max-age=-1",
		"max-age=99999999999999999999", "s-maxage=0", "s-maxage=10", "s-maxage=100", "public", "private", `private="x, max-age=9"`, "no-store",
		"no-cache", `no-cache="set-cookie"`, "must-revalidate", "proxy-revalidate", "immutable", "stale-while-revalidate=20",
		"stale-if-error=30", "x-unknown=1"))
	date := start
	if g.IntN(4) == 0 {
		date = start.Add(-time.Duration(g.IntN(60)) * time.Second)
	}
	if g.IntN(8) > 0 {
		add(&headers, "date", date.Format(http.TimeFormat))
	}
	add(&headers, "expires", g.maybe(4, "0", "-1", "x", date.Add(-time.Minute).Format(http.TimeFormat), date.Format(http.TimeFormat),
		date.Add(10*time.Second).Format(http.TimeFormat), date.Add(100*time.Second).Format(http.TimeFormat)))
	add(&headers, "last-modified", g.maybe(3, "x", date.Add(time.Minute).Format(http.TimeFormat), date.Format(http.TimeFormat),
		date.Add(-1000*time.Second).Format(http.TimeFormat), date.Add(-1000*24*time.Hour).Format(http.TimeFormat)))
	add(&headers, "etag", g.maybe(3, `"a"`, `W/"a"`))
	add(&headers, "age", g.maybe(5, "0", "5", "30", "x", "-3"))
	add(&headers, "vary", g.maybe(4, "Accept", "accept , Accept-Language", "*", "accept, *", "x-unknown", ""))
	add(&headers, "set-cookie", g.maybe(12, "a=1"))
	add(&headers, "pragma", g.maybe(15, "no-cache"))
	return headers
}

// directives joins some of the options, up to most.
func (g generator) directives(most int, options ...string) string {
	if g.IntN(3) == 0 {
		return ""
	}
	var list []string
	for range g.IntN(most) + 1 {
		list = append(list, g.pick(options...))
	}
	return strings.Join(list, g.pick(", ", ",", " , "))
}

func add(headers *[][2]string, name, value string) {
	if value != "" {
		*headers = append(*headers, [2]string{name, value})
	}
}

func (q question) String() string {
	return fmt.Sprintf("%s %v\n%d %v\n%s %v, %d s later", q.First.Method, q.First.Headers, q.Status, q.Headers, q.Then.Method,
		q.Then.Headers, (q.Now-q.Received)/1000)
}
