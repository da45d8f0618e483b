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

// of returns the refresh that serves a session, a new one if there is none. No more than a bounded number of those that
// have ended are remembered.
func (g *grants) of(s *session, k kind, now time.Time) *refreshing {
	key := sha256.Sum256([]byte(s.refreshToken))
	r := g.list[key]
	if r != nil && !r.forgotten(now) && r.serves(s, k, now) {
		return r
	}
	delete(g.list, key)
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

// serves tells whether a session that has the refresh token gets what this refresh, which is not forgotten, brings or has
// brought. A session that was made before it does, unless the tokens have run out and the same refresh token may bring
// others. One that it has made is not renewed at once again, but when its tokens run out, however soon that is: the
// refresh token may have stayed the same.
func (r *refreshing) serves(s *session, k kind, now time.Time) bool {
	if !r.ended() || r.grant == nil {
		return true
	}
	if s.created.Before(r.began) {
		return !r.spent(now) || r.rotated(s)
	}
	return now.Sub(r.over) <= early && !r.spent(now) && !s.lapsed(k, now)
}

// spent tells whether the access token that the refresh has brought is expired.
func (r *refreshing) spent(now time.Time) bool {
	return r.grant != nil && r.grant.limited && !now.Before(r.began.Add(r.grant.life))
}

// rotated tells whether the refresh has brought a session another refresh token than it had.
func (r *refreshing) rotated(s *session) bool {
	return r.grant.refreshToken != "" && r.grant.refreshToken != s.refreshToken
}

// next is a session as it was, but with the refresh token that the refresh has brought, and due to be renewed with it.
func (r *refreshing) next(s *session) *session {
	next := *s
	next.refreshToken, next.created, next.expires = r.grant.refreshToken, r.began, r.began.Add(r.grant.life)
	return &next
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
