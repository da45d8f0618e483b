package main

import (
	"errors"
	"slices"
	"strconv"

	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt/keys"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt/remote"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// mostLogged is how many consumers a refusal is explained for.
const mostLogged = 16

// request is what is known of a request. A request that was held is decided again from the same.
type request struct {
	headers    [][2]string // in lower case
	params     []query.Param
	paramsRead bool
	parsed     []parsed
	awaited    []*remote.Source // each is waited for once
	failures   []failure        // of the last decision
	wrong      []wrong
}

// wrong is a token that no key of a set has signed: consumers that share the set need not try it again.
type wrong struct {
	token *jwt.Token
	set   *keys.Set
	err   error
}

// parsed is what became of a text, so that many consumers can look at one token.
type parsed struct {
	text  string
	token *jwt.Token
	err   error
}

// failure is why a consumer was not taken.
type failure struct {
	consumer *consumer
	cause    error
}

// decision is what comes of a request: refusal, or the consumer whose token was accepted.
type decision struct {
	refusal  *consumers.Refusal
	consumer *consumer
	token    *jwt.Token
}

// Why a consumer does not accept a token, besides the reasons of package jwt.
var (
	errAmbiguous = errors.New("two different tokens stand at one place, or one that is too long")
	errClaims    = errors.New("a claim is not as it must be")
	errNoKeys    = errors.New("there is no key set yet")
	errNoToken   = errors.New("the request has no token")
	errNotListed = errors.New("is not allowed here")
)

// decide tries the consumers in order. wait is not nil where nobody is accepted, but a source may know more soon; the
// decision is then what comes of the request if it cannot wait.
func (r *request) decide(config *Config, now int64) (d decision, wait *remote.Source) {
	var first, listed *consumers.Refusal // reasons: the first consumer's, and that of the only one in allow
	someone, unknown := false, false
	r.failures = r.failures[:0]
	allowed := config.Allowed()
	for i := range config.Auth.consumers {
		c := &config.Auth.consumers[i]
		token, reason, source := r.verify(c, now)
		allows := config.Allows(c.name)
		if reason == nil && allows {
			return decision{consumer: c, token: token}, nil
		}
		if reason == nil {
			someone = true
			r.fail(c, errNotListed)
			continue
		}
		if allows {
			unknown = unknown || reason == &unavailable
			if wait == nil && source != nil && !slices.Contains(r.awaited, source) {
				wait = source
			}
		}
		if first == nil {
			first = reason
		}
		if len(allowed) == 1 && allowed[0] == c.name {
			listed = reason
		}
	}
	switch {
	case unknown:
		d.refusal = &unavailable
	case someone && len(allowed) == 1:
		d.refusal = &unauthorized
	case someone:
		d.refusal = &notAllowed
	case listed != nil:
		d.refusal = listed
	default:
		d.refusal = first
	}
	return d, wait
}

// verify returns the token that a consumer accepts, or why there is none: the reason of the first token. source is what
// might change that.
func (r *request) verify(c *consumer, now int64) (token *jwt.Token, reason *consumers.Refusal, source *remote.Source) {
	var room [4]found
	for _, f := range c.places.find(r, room[:0]) {
		token, err := r.accepted(c, &f, now)
		if err == nil {
			return token, nil, nil
		}
		r.fail(c, err)
		if source == nil && c.mayLearn(token, err) {
			source = c.source
		}
		if reason == nil {
			reason = reasonOf(err)
		}
		if f.ambiguous {
			return nil, &unverified, nil
		}
	}
	if reason == nil {
		r.fail(c, errNoToken)
		return nil, &missing, nil
	}
	return nil, reason, source
}

// accepted returns the token that a text is, and why the consumer does not accept it. Everything that needs no key comes
// first, save the times: whether a token is too old is only told of one that is genuine.
func (r *request) accepted(c *consumer, f *found, now int64) (*jwt.Token, error) {
	if f.ambiguous {
		return nil, errAmbiguous
	}
	token, err := r.parse(f.text)
	if err != nil {
		return nil, err
	}
	if err := token.Claims.Check(); err != nil {
		return token, err
	}
	if !c.meets(token.Claims) {
		return token, errClaims
	}
	set := c.keySet()
	if set == nil {
		return token, errNoKeys
	}
	if err := r.checkSignature(token, set); err != nil {
		return token, err
	}
	return token, token.Claims.CheckTimes(now, c.skew)
}

func (r *request) checkSignature(token *jwt.Token, set *keys.Set) error {
	for _, w := range r.wrong {
		if w.token == token && w.set == set {
			return w.err
		}
	}
	err := set.Verify(token)
	if err != nil {
		r.wrong = append(r.wrong, wrong{token, set, err})
	}
	return err
}

func (r *request) parse(text string) (*jwt.Token, error) {
	for i := range r.parsed {
		if r.parsed[i].text == text {
			return r.parsed[i].token, r.parsed[i].err
		}
	}
	token, err := jwt.Parse(text)
	r.parsed = append(r.parsed, parsed{text, token, err})
	return token, err
}

// mayLearn tells whether a token that was not accepted might be, once the consumer's source was asked again: there are
// no keys yet, or its kid is none of theirs.
func (c *consumer) mayLearn(token *jwt.Token, err error) bool {
	if c.source == nil {
		return false
	}
	if err == errNoKeys {
		return true
	}
	signature := err == jwt.ErrSignature || err == keys.ErrNoKey
	return token != nil && signature && token.KeyID != "" && !c.source.Keys().Knows(token.KeyID)
}

func reasonOf(err error) *consumers.Refusal {
	switch err {
	case jwt.ErrExpired, jwt.ErrNotYet:
		return &expired
	case errNoKeys:
		return &unavailable
	}
	return &unverified
}

func (r *request) fail(c *consumer, cause error) { r.failures = append(r.failures, failure{c, cause}) }

// logFailures writes why consumers were not taken, of the first ones. Neither line nor cause holds anything of a token.
func (r *request) logFailures() {
	if !wrapper.LogEnabled(wrapper.LogLevelWarn) {
		return
	}
	for i, f := range r.failures {
		if i == mostLogged {
			log.Warn("and " + strconv.Itoa(len(r.failures)-i) + " more consumers")
			return
		}
		log.Warn("consumer \"" + f.consumer.name + "\": " + f.cause.Error())
	}
}
