package httpcache

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// came is when the responses of these tests come.
var came = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).UnixMilli()

// lines reads "name: value" lines divided by " | ".
func lines(text string) (h Headers) {
	for line := range strings.SplitSeq(text, " | ") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h = append(h, [2]string{name, value})
		}
	}
	return h
}

func entry(status int, headers string) *Entry {
	return &Entry{Status: status, Headers: lines(headers), Requested: came, Received: came}
}

func get(headers string) *Request { return &Request{Method: "GET", Headers: lines(headers)} }

func TestLifetime(t *testing.T) {
	for _, tt := range []struct {
		headers string
		seconds int64
	}{
		{"", 0},
		{"cache-control: max-age=60", 60},
		{"cache-control: MAX-AGE = \"60\"", 60},
		{"cache-control: max-age=60 | cache-control: s-maxage=10", 10},
		{"cache-control: s-maxage=0, max-age=60", 0},
		{"cache-control: max-age=60, max-age=60", 60},
		{"cache-control: max-age=60, max-age=61", 0},
		{"cache-control: max-age=-1", 0},
		{"cache-control: max-age=1.5", 0},
		{"cache-control: max-age=", 0},
		{"cache-control: max-age=99999999999999999999999", longest},
		{"cache-control: private=\"a, max-age=5\", max-age=9", 9},
		{"cache-control: x=\"\\\"\", max-age=9", 9},
		{"expires: Tue, 03 Feb 2026 04:06:06 GMT", 60},
		{"expires: Tuesday, 03-Feb-26 04:06:06 GMT", 60},
		{"expires: Tue Feb  3 04:06:06 2026", 60},
		{"date: Tue, 03 Feb 2026 04:05:36 GMT | expires: Tue, 03 Feb 2026 04:06:06 GMT", 30},
		{"expires: 0 | last-modified: Tue, 03 Feb 2026 03:05:06 GMT", 0},
		{"expires: Tue, 03 Feb 2026 04:06:06 GMT | expires: Tue, 03 Feb 2026 04:07:06 GMT", 0},
		{"expires: Tue, 03 Feb 2026 04:06:06 GMT | cache-control: max-age=5", 5},
		{"expires: Tue, 03 Feb 2026 04:04:06 GMT", 0},
		{"last-modified: Tue, 03 Feb 2026 03:48:26 GMT", 100},
		{"last-modified: Mon, 03 Feb 2025 03:05:06 GMT", 86400},
		{"last-modified: Tue, 03 Feb 2026 05:05:06 GMT", 0},
		{"last-modified: yesterday", 0},
	} {
		assert.Equal(t, tt.seconds*1000, entry(200, tt.headers).Lifetime(&Rules{}), tt.headers)
	}
	assert.EqualValues(t, 7000, entry(200, "last-modified: Tue, 03 Feb 2026 03:05:06 GMT").Lifetime(&Rules{Heuristic: 7000}))
	assert.EqualValues(t, 60000, entry(200, "cache-control: max-age=60").Lifetime(&Rules{Heuristic: 7000}))
}

func TestAge(t *testing.T) {
	for _, tt := range []struct {
		headers  string
		delay    int64 // ms between request and response
		resident int64 // ms
		want     int64 // ms
	}{
		{"", 0, 0, 0},
		{"", 0, 1500, 1500},
		{"age: 7", 0, 1500, 8500},
		{"age: 7", 2000, 0, 9000},
		{"age: -7", 0, 0, 0},
		{"age: x", 0, 0, 0},
		{"date: Tue, 03 Feb 2026 04:05:00 GMT", 0, 0, 6000},
		{"date: Tue, 03 Feb 2026 04:05:00 GMT | age: 3", 0, 0, 6000},
		{"date: Tue, 03 Feb 2026 04:05:00 GMT | age: 9", 0, 0, 9000},
		{"date: Tue, 03 Feb 2026 04:06:00 GMT", 0, 0, 0},
	} {
		e := entry(200, tt.headers)
		e.Requested -= tt.delay
		assert.Equal(t, tt.want, e.Age(came+tt.resident), "%+v", tt)
	}
	e := entry(200, "date: Tue, 03 Feb 2026 04:05:06 GMT")
	e.Received += 999
	e.Requested = e.Received
	assert.Zero(t, e.Age(e.Received), "a date has no fractions of seconds")
}

func TestStorable(t *testing.T) {
	for _, tt := range []struct {
		method, request string
		status          int
		response        string
		want            Obstacle
	}{
		{"GET", "", 200, "cache-control: max-age=60", ""},
		{"GET", "", 200, "etag: \"a\"", ""},
		{"GET", "", 200, "", Useless},
		{"GET", "", 200, "cache-control: max-age=0", Useless},
		{"GET", "", 200, "cache-control: max-age=0, stale-if-error=9", ""},
		{"GET", "", 200, "cache-control: max-age=0, stale-if-error=9, must-revalidate", Useless},
		{"GET", "", 200, "cache-control: no-cache, max-age=60", Useless},
		{"GET", "", 200, "cache-control: no-cache, max-age=60 | etag: \"a\"", ""},
		{"GET", "", 200, "cache-control: max-age=60 | age: 60", Useless},
		{"HEAD", "", 200, "cache-control: max-age=60", OfMethod},
		{"POST", "", 200, "cache-control: max-age=60", OfMethod},
		{"get", "", 200, "cache-control: max-age=60", OfMethod},
		{"GET", "", 206, "cache-control: max-age=60", OfStatus},
		{"GET", "", 304, "cache-control: max-age=60", OfStatus},
		{"GET", "", 302, "etag: \"a\"", OfStatus},
		{"GET", "", 302, "cache-control: max-age=60", ""},
		{"GET", "", 307, "expires: Tue, 03 Feb 2026 04:06:06 GMT", ""},
		{"GET", "", 404, "cache-control: max-age=60", ""},
		{"GET", "", 500, "cache-control: max-age=60", OfStatus},
		{"GET", "", 999, "cache-control: max-age=60", OfStatus},
		{"GET", "cache-control: No-Store", 200, "cache-control: max-age=60", NoStore},
		{"GET", "", 200, "cache-control: max-age=60 | cache-control: no-store", NoStore},
		{"GET", "", 200, "cache-control: max-age=60, private", Private},
		{"GET", "", 200, "cache-control: max-age=60, private=\"x\"", Private},
		{"GET", "", 200, "cache-control: public, max-age=60 | set-cookie: a=1", Cookie},
		{"GET", "", 200, "cache-control: max-age=60 | content-range: bytes 0-1/2", RangeReply},
		{"GET", "authorization: a", 200, "cache-control: max-age=60", User},
		{"GET", "x-user: a", 200, "cache-control: max-age=60", User},
		{"GET", "authorization: a", 200, "cache-control: max-age=60, public", ""},
		{"GET", "authorization: a", 200, "cache-control: s-maxage=60", ""},
		{"GET", "authorization: a", 200, "cache-control: max-age=60, must-revalidate", ""},
		{"GET", "", 200, "cache-control: max-age=60 | vary: accept | vary: *", VaryAll},
		{"GET", "", 200, "cache-control: max-age=60 | vary: accept", ""},
	} {
		r := &Request{Method: tt.method, Headers: lines(tt.request)}
		rules := &Rules{Keep: 1000, UserHeaders: []string{"x-user"}}
		assert.Equal(t, tt.want, Storable(r, entry(tt.status, tt.response), rules), "%+v", tt)
	}
	assert.Equal(t, OfStatus, Storable(get(""), entry(404, "cache-control: max-age=60"), &Rules{Statuses: []int{200}}))
}

func TestRetention(t *testing.T) {
	for headers, seconds := range map[string]int64{
		"cache-control: max-age=60":                                           60,
		"cache-control: max-age=60 | etag: \"a\"":                             160,
		"cache-control: max-age=60 | last-modified: x":                        60,
		"cache-control: max-age=60, stale-while-revalidate=500 | etag: \"a\"": 560,
		"cache-control: max-age=60, stale-if-error=500":                       560,
		"cache-control: max-age=60, stale-if-error=500, proxy-revalidate":     60,
		"cache-control: s-maxage=60, stale-if-error=500":                      60,
		"cache-control: max-age=60 | age: 50":                                 10,
		"cache-control: no-cache, max-age=60 | etag: \"a\"":                   100,
	} {
		assert.Equal(t, seconds*1000, entry(200, headers).Retention(&Rules{Keep: 100_000}), headers)
	}
	assert.EqualValues(t, 65000, entry(200, "cache-control: max-age=60").Retention(&Rules{StaleIfError: 5000}))
}

func TestReuse(t *testing.T) {
	for _, tt := range []struct {
		request, response string
		after             int64 // s
		want              string
	}{
		{"", "cache-control: max-age=60", 59, "serve"},
		{"", "cache-control: max-age=60", 60, "stale"},
		{"", "cache-control: max-age=60, must-revalidate", 59, "serve"},
		{"", "cache-control: max-age=60, no-cache", 0, "stale"},
		{"cache-control: max-stale", "cache-control: max-age=60, no-cache", 0, "stale"},
		{"cache-control: no-cache", "cache-control: max-age=60", 0, ""},
		{"pragma: no-cache", "cache-control: max-age=60", 0, ""},
		{"pragma: no-cache | cache-control: max-age=9", "cache-control: max-age=60", 0, "serve"},
		{"cache-control: max-age=9", "cache-control: max-age=60", 9, "serve"},
		{"cache-control: max-age=9", "cache-control: max-age=60", 10, ""},
		{"cache-control: max-age=x", "cache-control: max-age=60", 1, ""},
		{"cache-control: min-fresh=20", "cache-control: max-age=60", 40, "serve"},
		{"cache-control: min-fresh=20", "cache-control: max-age=60", 41, ""},
		{"cache-control: max-stale=20", "cache-control: max-age=60", 80, "serve stale"},
		{"cache-control: max-stale=20", "cache-control: max-age=60", 81, "stale"},
		{"cache-control: max-stale", "cache-control: max-age=60", 9999, "serve stale"},
		{"cache-control: max-stale", "cache-control: max-age=60, must-revalidate", 61, "stale"},
		{"cache-control: max-stale", "cache-control: s-maxage=60", 61, "stale"},
		{"cache-control: max-stale, max-age=70", "cache-control: max-age=60", 80, "stale"},
		{"", "cache-control: max-age=60, stale-while-revalidate=20", 80, "stale while"},
		{"", "cache-control: max-age=60, stale-while-revalidate=20", 81, "stale"},
		{"", "cache-control: max-age=60, stale-while-revalidate=20, must-revalidate", 61, "stale"},
		{"cache-control: max-age=60", "cache-control: max-age=60, stale-while-revalidate=20", 61, "stale"},
		{"", "cache-control: max-age=60, stale-if-error=20", 80, "stale error"},
		{"", "cache-control: max-age=60, stale-if-error=20", 81, "stale"},
		{"cache-control: stale-if-error=30", "cache-control: max-age=60, stale-if-error=20", 81, "stale error"},
		{"cache-control: stale-if-error=30", "cache-control: max-age=60, must-revalidate", 61, "stale"},
		{"cache-control: no-cache, stale-if-error=30", "cache-control: max-age=60", 61, "stale"},
	} {
		d := Reuse(get(tt.request), entry(200, tt.response), &Rules{}, came+tt.after*1000)
		got := ""
		for _, word := range []struct {
			holds bool
			name  string
		}{{d.Serve, "serve"}, {d.Stale, "stale"}, {d.WhileRevalidating, "while"}, {d.IfError && d.Stale, "error"}} {
			if word.holds {
				got += word.name + " "
			}
		}
		assert.Equal(t, tt.want, strings.TrimSpace(got), "%+v", tt)
		assert.Equal(t, tt.after, d.Age, "%+v", tt)
	}
	assert.True(t, Reuse(get(""), entry(200, "cache-control: max-age=60"), &Rules{StaleIfError: 5000}, came+65000).IfError)
	assert.False(t, Reuse(get(""), entry(200, "cache-control: max-age=60"), &Rules{StaleIfError: 5000}, came+65001).IfError)
}

func TestAwaitsAndOnlyIfCached(t *testing.T) {
	assert.True(t, Awaits(get(""), nil))
	assert.True(t, Awaits(get("cache-control: max-age=5"), entry(200, "cache-control: max-age=0")))
	assert.False(t, Awaits(get("cache-control: no-cache"), nil))
	assert.False(t, Awaits(get("cache-control: no-store"), nil))
	assert.False(t, Awaits(get("cache-control: max-age=0"), nil))
	assert.False(t, Awaits(get("pragma: no-cache"), nil))
	assert.False(t, Awaits(get(""), entry(200, "cache-control: no-cache")))
	assert.True(t, OnlyIfCached(get("cache-control: Only-If-Cached")))
	assert.False(t, OnlyIfCached(get("cache-control: max-age=1")))
}

func TestVary(t *testing.T) {
	names, all := Varies(lines("vary: B, a ,, | vary: b"))
	assert.Equal(t, []string{"a", "b"}, names)
	assert.False(t, all)
	_, all = Varies(lines("vary: a, *"))
	assert.True(t, all)
	e := entry(200, "vary: a, b")
	e.Selecting = Select(lines("a:  1 | a: 2 | c: 3"), []string{"a", "b"})
	assert.Equal(t, Headers{{"a", "1, 2"}}, e.Selecting)
	for request, want := range map[string]bool{
		"a: 1 | a: 2": true, "a: 1, 2 | c: 9": true, "a: 1": false, "": false, "a: 1 | a: 2 | b: ": false, "a: 2 | a: 1": false,
	} {
		assert.Equal(t, want, Fits(get(request), e), request)
	}
	assert.True(t, Fits(get("a: 1"), entry(200, "")))
	assert.False(t, Fits(get(""), entry(200, "vary: *")))
}

func TestConditions(t *testing.T) {
	assert.Equal(t, Headers{{"if-none-match", "W/\"a\""}, {"if-modified-since", "Tue, 03 Feb 2026 04:05:06 GMT"}},
		Conditions(entry(200, "etag: W/\"a\" | last-modified: Tue, 03 Feb 2026 04:05:06 GMT")))
	assert.Empty(t, Conditions(entry(200, "last-modified: x")))
}

func TestNotModified(t *testing.T) {
	const tagged = "etag: \"a,b\" | last-modified: Tue, 03 Feb 2026 04:05:06 GMT"
	for _, tt := range []struct {
		request, response string
		status            int
		want              bool
	}{
		{"", tagged, 200, false},
		{"if-none-match: \"a,b\"", tagged, 200, true},
		{"if-none-match: \"x\", W/\"a,b\"", tagged, 200, true},
		{"if-none-match: \"x\" | if-none-match: \"a,b\"", tagged, 200, true},
		{"if-none-match: *", tagged, 200, true},
		{"if-none-match: \"a\"", tagged, 200, false},
		{"if-none-match: \"a,b\"", tagged, 404, false},
		{"if-none-match: \"a\"", "", 200, false},
		{"if-none-match: \"x\" | if-modified-since: Tue, 03 Feb 2026 04:05:06 GMT", tagged, 200, false},
		{"if-modified-since: Tue, 03 Feb 2026 04:05:06 GMT", tagged, 200, true},
		{"if-modified-since: Tue, 03 Feb 2026 04:05:05 GMT", tagged, 200, false},
		{"if-modified-since: x", tagged, 200, false},
		{"if-modified-since: Tue, 03 Feb 2026 04:05:06 GMT", "", 200, true},
		{"if-modified-since: Tue, 03 Feb 2026 04:05:05 GMT", "", 200, false},
	} {
		assert.Equal(t, tt.want, NotModified(get(tt.request), entry(tt.status, tt.response)), "%+v", tt)
	}
	assert.Equal(t, lines("etag: \"a\" | vary: b | date: x | cache-control: y | expires: z | content-location: w | last-modified: v"),
		NotModifiedHeaders(entry(200, "etag: \"a\" | content-type: t | vary: b | date: x | cache-control: y | expires: z | content-location: w | last-modified: v | age: 1")))
}

func TestFreshened(t *testing.T) {
	e := entry(200, "etag: \"a\" | content-type: t | x-id: 1 | x-id: 2 | age: 5 | cache-control: no-cache")
	e.Selecting = Headers{{"a", "1"}}
	fresh, ok := Freshened(e, lines(":status: 304 | x-id: 3 | content-type: u | content-encoding: br | content-length: 0 | connection: x-hop | x-hop: 1 | cache-control: max-age=9"), came+10, came+20)
	assert.True(t, ok)
	assert.Equal(t, &Entry{Status: 200, Headers: lines("etag: \"a\" | content-type: t | x-id: 3 | cache-control: max-age=9"),
		Selecting: e.Selecting, Requested: came + 10, Received: came + 20}, fresh)
	assert.Equal(t, lines("etag: \"a\" | content-type: t | x-id: 1 | x-id: 2 | age: 5 | cache-control: no-cache"), e.Headers, "the old one is left alone")
	_, ok = Freshened(e, lines("etag: \"b\""), came, came)
	assert.False(t, ok, "another strong tag")
	_, ok = Freshened(e, lines("etag: W/\"b\""), came, came)
	assert.True(t, ok)
	fresh, _ = Freshened(e, lines("age: 3"), came, came)
	assert.EqualValues(t, 3000, fresh.Age(came))
}

func TestStoredHeaders(t *testing.T) {
	assert.Equal(t, lines("a: 1 | a: 2 | age: 3"), lines(":status: 200 | a: 1 | connection: close, X-Hop | x-hop: 1 | keep-alive: 5 | "+
		"transfer-encoding: chunked | content-length: 3 | proxy-authenticate: x | trailer: t | upgrade: h2c | te: x | a: 2 | age: 3").Stored())
	h := lines("a: 1 | b: 2 | a: 3")
	assert.Equal(t, lines("b: 2 | a: 4"), h.With("a", "4"))
	assert.Equal(t, lines("a: 1 | b: 2 | a: 3"), h)
}

func TestInvalidation(t *testing.T) {
	for method, want := range map[string]bool{"POST": true, "PUT": true, "DELETE": true, "PATCH": true, "X": true, "GET": false, "HEAD": false, "OPTIONS": false, "PROPFIND": false} {
		assert.Equal(t, want, Invalidates(method, 204), method)
	}
	for status, want := range map[int]bool{199: false, 200: true, 303: true, 399: true, 400: false, 500: false} {
		assert.Equal(t, want, Invalidates("POST", status), status)
	}
	for _, tt := range []struct {
		headers string
		want    []string
	}{
		{"", nil},
		{"location: /b", []string{"/b"}},
		{"location: c?x=1#f", []string{"/a/c?x=1"}},
		{"location: http://H:80/b", nil},
		{"location: http://H/b | content-location: ?y", []string{"/b", "/a/b?y"}},
		{"location: https://h/b", nil},
		{"location: http://other/b | content-location: //other/b", nil},
		{"location: http://[", nil},
		{"location: /a/b?q", nil},
	} {
		assert.Equal(t, tt.want, AlsoInvalidated("http", "h", "/a/b?q", lines(tt.headers)), tt.headers)
	}
	assert.Nil(t, AlsoInvalidated("http", "h", "/%zz", lines("location: /b")))
	for _, status := range []int{500, 502, 503, 504} {
		assert.True(t, Failed(status))
	}
	assert.False(t, Failed(501))
	assert.False(t, Failed(404))
}

func TestDate(t *testing.T) {
	ms, ok := Date(" Tue, 03 Feb 2026 04:05:06 GMT")
	assert.True(t, ok)
	assert.Equal(t, came, ms)
	for _, text := range []string{"", "0", "Tue, 03 Feb 2026 04:05:06 UTC", "Tue, 32 Feb 2026 04:05:06 GMT"} {
		_, ok := Date(text)
		assert.False(t, ok, text)
	}
}

func FuzzDirectives(f *testing.F) {
	f.Add(`max-age=1, private="a, b", x="\"", no-store`)
	f.Add(`="`)
	f.Add(`max-age="60`)
	f.Fuzz(func(t *testing.T, text string) {
		d := DirectivesOf(Headers{{"cache-control", text}})
		for name := range d {
			if name == "" || name != strings.ToLower(name) {
				t.Errorf("a directive is called %q", name)
			}
			if ms, _ := d.Millis(name); ms < 0 || ms > longest*1000 {
				t.Errorf("%s is %d ms", name, ms)
			}
		}
		if strings.Trim(text, " \t") == "no-store" && !d.Has("no-store") {
			t.Errorf("%q has no no-store", text)
		}
	})
}
