package httpcache

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// backend answers requests one by one as a test tells it.
type backend struct {
	mu       sync.Mutex
	handlers []http.HandlerFunc // for the next requests; none left: 500
	asked    int
}

func (b *backend) then(handlers ...http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handlers, b.asked = handlers, 0
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.asked++
	handle := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	if len(b.handlers) > 0 {
		handle, b.handlers = b.handlers[0], b.handlers[1:]
	}
	b.mu.Unlock()
	handle(w, r)
}

func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		io.WriteString(w, text)
	}
}

// answered is a response, or why there is none.
type answered struct {
	status      int
	cache, body string
	err         error
}

// send sends a request on a connection of its own.
func (g *gateway) send(ctx context.Context, method string) answered {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+g.address+"/", nil)
	if err != nil {
		return answered{err: err}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return answered{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header.Get("x-cache-status"), string(text), err}
}

// waiting sends several requests and returns once each of them has asked Redis.
func (g *gateway) waiting(ctx context.Context, t *testing.T, n int) <-chan answered {
	t.Helper()
	before := g.redis.CommandCount()
	answers := make(chan answered, n)
	for range n {
		go func() { answers <- g.send(ctx, "GET") }()
	}
	eventually(t, "the requests ask Redis", func() bool { return g.redis.CommandCount() >= before+n })
	return answers
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("it never happens that %s", what)
		}
	}
}

func (g *gateway) locked() bool {
	for _, key := range g.redis.Keys() {
		if strings.HasSuffix(key, ":lock") {
			return true
		}
	}
	return false
}

func TestTheNextRequestAsksWhenTheFirstClientGoesAway(t *testing.T) {
	for name, begin := range map[string]http.HandlerFunc{
		"before the response": func(http.ResponseWriter, *http.Request) {},
		"within the response": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "max-age=600")
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBothEngines(t, func(t *testing.T, g *gateway) {
				came := make(chan struct{})
				g.backend.then(func(w http.ResponseWriter, r *http.Request) {
					begin(w, r)
					close(came)
					<-r.Context().Done() // the gateway gives it up
				}, says("whole"))
				ctx, leave := context.WithCancel(t.Context())
				first := make(chan answered, 1)
				go func() { first <- g.send(ctx, "GET") }()
				<-came
				others := g.waiting(t.Context(), t, 6)
				if n := g.backend.count(); n != 1 {
					t.Errorf("%d requests reached the backend while the first was under way", n)
				}
				leave()
				if got := <-first; got.err == nil {
					t.Errorf("the first client got %+v", got)
				}
				for range cap(others) {
					if got := <-others; got.status != 200 || got.body != "whole" {
						t.Errorf("another client got %+v", got)
					}
				}
				if n := g.backend.count(); n != 2 {
					t.Errorf("%d requests reached the backend, not 2", n)
				}
			})
		})
	}
}

// together answers only when n requests have come.
func together(n int) http.HandlerFunc {
	var all sync.WaitGroup
	all.Add(n)
	return func(w http.ResponseWriter, _ *http.Request) {
		all.Done()
		all.Wait()
		w.Header().Set("Cache-Control", "private")
		io.WriteString(w, "private")
	}
}

func TestWhatMayNotBeStoredFreesAllAtOnceAndIsRemembered(t *testing.T) {
	onBothEngines(t, func(t *testing.T, g *gateway) {
		const n = 8
		came, release, rest, later := make(chan struct{}), make(chan struct{}), together(n), together(n)
		handlers := []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			close(came)
			<-release
			together(1)(w, r)
		}}
		for range n {
			handlers = append(handlers, rest)
		}
		for range n {
			handlers = append(handlers, later)
		}
		g.backend.then(handlers...)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // half of what a request waits for another
		defer cancel()
		first := make(chan answered, 1)
		go func() { first <- g.send(ctx, "GET") }()
		<-came
		others := g.waiting(ctx, t, n)
		if asked := g.backend.count(); asked != 1 {
			t.Errorf("%d requests reached the backend while the first was under way", asked)
		}
		close(release)
		got := []answered{<-first}
		for range n {
			got = append(got, <-others)
		}
		others = g.waiting(ctx, t, n)
		for range n {
			got = append(got, <-others)
		}
		for _, a := range got {
			if a != (answered{200, "miss", "private", nil}) {
				t.Errorf("got %+v", a)
			}
		}
	})
}

func TestWhatIsUnderWayWhenAResourceChangesIsNotStored(t *testing.T) {
	onBothEngines(t, func(t *testing.T, g *gateway) {
		came, release := make(chan struct{}), make(chan struct{})
		g.backend.then(func(w http.ResponseWriter, r *http.Request) {
			close(came)
			<-release
			says("old")(w, r)
		}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, says("new"))
		first := make(chan answered, 1)
		go func() { first <- g.send(t.Context(), "GET") }()
		<-came
		if !g.locked() {
			t.Error("the request under way has no lock")
		}
		if got := g.send(t.Context(), "POST"); got.status != 204 || got.cache != "skip" {
			t.Errorf("the change got %+v", got)
		}
		eventually(t, "the lock is taken away", func() bool { return !g.locked() })
		close(release)
		if got := <-first; got.body != "old" || got.cache != "miss" {
			t.Errorf("the request under way got %+v", got)
		}
		if got := g.send(t.Context(), "GET"); got.body != "new" || got.cache != "miss" {
			t.Errorf("the next request got %+v", got)
		}
		if got := g.send(t.Context(), "GET"); got.body != "new" || got.cache != "hit" {
			t.Errorf("the one after it got %+v", got)
		}
	})
}

func TestAGatewayThatVanishesHoldsNobodyLongerThanItsLock(t *testing.T) {
	onBothEngines(t, func(t *testing.T, g *gateway) {
		g.backend.then(says("one"), says("two"))
		if got := g.send(t.Context(), "GET"); got.body != "one" {
			t.Fatalf("got %+v", got)
		}
		eventually(t, "the response is stored", func() bool { return !g.locked() && len(g.redis.Keys()) == 1 })
		key := g.redis.Keys()[0]
		g.redis.Del(key)
		g.redis.Set(key+":lock", "of another gateway")
		g.redis.SetTTL(key+":lock", 30*time.Second)
		others := g.waiting(t.Context(), t, 4)
		g.redis.FastForward(31 * time.Second)
		for range cap(others) {
			if got := <-others; got.status != 200 || got.body != "two" {
				t.Errorf("got %+v", got)
			}
		}
		if n := g.backend.count(); n != 2 {
			t.Errorf("%d requests reached the backend, not 2", n)
		}
	})
}
