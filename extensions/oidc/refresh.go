package main

import (
	"crypto/sha256"
	"net/url"
	"strconv"
	"time"

	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const (
	// grantKept is how long a refresh serves other requests of the same session, which come with the old cookie: a
	// provider may take a refresh token only once, and may end the session if it comes again (RFC 9700, section 4.14.2).
	grantKept = time.Minute
	// failureKept is how long a refresh that failed is not tried again.
	failureKept = 10 * time.Second
)

// grants are the refreshes of a VM, by the digest of the refresh token.
type grants struct {
	list map[[sha256.Size]byte]*refreshing
}

// refreshing is the refresh of one session, under way or ended.
type refreshing struct {
	flight
	began time.Time // zero before it has
	over  time.Time // when it ended, zero before that
	grant *grant    // nil if it failed
}

func newGrants() *grants { return &grants{map[[sha256.Size]byte]*refreshing{}} }

// of returns the refresh of a token, a new one if there is none. No more than a bounded number of those that have ended
// are remembered.
func (g *grants) of(token string, now time.Time) *refreshing {
	key := sha256.Sum256([]byte(token))
	r := g.list[key]
	if r != nil && !r.forgotten(now) {
		return r
	}
	if len(g.list) >= memory {
		g.sweep(now)
	}
	r = &refreshing{}
	if len(g.list) < memory {
		g.list[key] = r
	}
	return r
}

func (g *grants) sweep(now time.Time) {
	for key, r := range g.list {
		if r.forgotten(now) {
			delete(g.list, key)
		}
	}
}

func (r *refreshing) ended() bool { return !r.over.IsZero() }

func (r *refreshing) forgotten(now time.Time) bool {
	kept := grantKept
	if r.grant == nil {
		kept = failureKept
	}
	return r.ended() && now.Sub(r.over) > kept
}

// start asks. The call goes on if the client leaves: the provider has then taken the refresh token all the same, and
// the next request finds the answer here.
func (r *refreshing) start(c *client, form url.Values) {
	r.began = c.clock()
	err := r.launch(func(done func()) error {
		return c.askToken(form, func(status int, _ wrapper.Header, body []byte) {
			r.take(c, status, body)
			done()
		})
	})
	if err != nil {
		log.Error("the token endpoint cannot be asked: " + err.Error())
		r.over = r.began
	}
}

func (r *refreshing) take(c *client, status int, body []byte) {
	r.over = c.clock()
	g, err := parseGrant(c.kind, body)
	if err != nil {
		log.Error("the session cannot be refreshed: status " + strconv.Itoa(status) + ", " + err.Error())
		return
	}
	r.grant = g
}
