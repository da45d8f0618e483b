package main

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/jwt"
	"github.com/wasmplane/wasmplane/extensions/internal/jwt/keys"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// errUnavailable says that a token cannot be judged, because the provider's keys cannot be had.
var errUnavailable = errors.New("the provider's keys cannot be had")

// endpoints are where a provider is found; "" where it does not say.
type endpoints struct {
	login, token, keys, endSession, userInfo string
}

// issuer is what is known of a provider. Each VM asks for itself.
type issuer struct {
	kind            kind
	url             string // the iss claim
	anyIssuer       bool   // insecure_oidc_skip_issuer_verification
	configured      endpoints
	service         wrapper.HttpClient
	timeout         uint32        // ms
	interval        time.Duration // between attempts
	refreshInterval time.Duration // of metadata and keys, 0 for never
	clock           func() time.Time

	endpoints  *endpoints // nil until they are known
	algorithms []string   // of ID tokens
	keys       *keys.Set  // nil until they are there
	discovery  fetch
	keyFetch   fetch
	bucket     bucket // of key fetches on behalf of requests
}

func parseIssuer(r *reader, c *client) *issuer {
	i := &issuer{
		kind:            c.kind,
		url:             r.text("oidc_issuer_url", ""),
		anyIssuer:       r.flag("insecure_oidc_skip_issuer_verification", false),
		service:         c.service,
		timeout:         c.fetchTimeout,
		interval:        r.duration("verifier_interval", 2*time.Second),
		refreshInterval: r.duration("update_keys_interval", time.Hour),
		clock:           c.clock,
		configured:      endpoints{login: r.url("login_url", ""), token: r.url("redeem_url", ""), keys: r.url("oidc_jwks_url", "")},
	}
	i.interval = max(i.interval, shortestInterval)
	i.discovery = newFetch("discovery", i.interval, i.clock)
	i.keyFetch = newFetch("oidc_jwks_url", i.interval, i.clock)
	skip := r.flag("skip_oidc_discovery", false)
	switch c.kind {
	case oidc:
		i.checkOIDC(r, skip)
	default:
		known := c.kind.endpoints()
		if i.configured.login != "" {
			known.login = i.configured.login
		}
		if i.configured.token != "" {
			known.token = i.configured.token
		}
		i.endpoints = &known
		if i.url == "" && c.kind == aliyun {
			i.url = aliyunIssuer
		}
	}
	return i
}

func (i *issuer) checkOIDC(r *reader, skip bool) {
	if i.url == "" {
		r.fault("missing setting: oidc-issuer-url")
	} else if _, ok := parseURL(i.url); !ok {
		r.fault("oidc_issuer_url: must be a URL with http or https and a host")
	}
	if !skip {
		return
	}
	if i.configured.keys == "" {
		r.fault("missing setting: oidc-jwks-url")
	}
	if i.configured.login == "" || i.configured.token == "" {
		log.Error("skip_oidc_discovery: without login_url and redeem_url nobody can log in")
	}
	i.endpoints = &i.configured
}

// is tells whether a token is the provider's.
func (i *issuer) is(name string) bool {
	if i.anyIssuer {
		return true
	}
	return name == i.url && name != "" || i.url == "https://accounts.google.com" && name == "accounts.google.com"
}

// signs tells whether ID tokens may have that algorithm. Shared secrets are no way to sign them here: everybody who may
// verify could sign.
func (i *issuer) signs(a jwt.Algorithm) bool {
	if a.HMAC() {
		return false
	}
	for _, algorithm := range i.algorithms {
		if string(a) == algorithm {
			return true
		}
	}
	return len(i.algorithms) == 0 && a == jwt.RS256
}

// hosts are the provider's: those of the issuer and its endpoints, as scheme, host and port.
func (i *issuer) hosts() []*url.URL {
	texts := []string{i.url}
	if i.endpoints != nil {
		e := i.endpoints
		texts = append(texts, e.login, e.token, e.keys, e.endSession, e.userInfo)
	}
	var hosts []*url.URL
	for _, text := range texts {
		if u, ok := parseURL(text); ok {
			hosts = append(hosts, u)
		}
	}
	return hosts
}

// ready tells whether logins can begin.
func (i *issuer) ready() bool { return i.endpoints != nil }

// start has metadata and keys fetched as soon as the plugin runs, and again and again. A VM that is made to check a
// configuration never gets there.
func (i *issuer) start() {
	if i.kind != oidc {
		return
	}
	wrapper.RegisterTickFunc(min(i.interval, time.Second).Milliseconds(), i.tick)
}

func (i *issuer) tick() {
	discovers := i.endpoints != &i.configured
	if discovers && i.discovery.due() {
		i.discover()
	}
	if i.endpoints != nil && i.keyFetch.due() {
		i.fetchKeys(i.timeout)
	}
}

func (i *issuer) discover() {
	address := strings.TrimRight(i.url, "/") + "/.well-known/openid-configuration"
	i.discovery.begin(func(answered wrapper.ResponseCallback) error {
		return i.service.Get(address, [][2]string{{"accept", "application/json"}}, answered, i.timeout)
	}, i.takeMetadata)
}

func (i *issuer) fetchKeys(timeout uint32) {
	i.keyFetch.begin(func(answered wrapper.ResponseCallback) error {
		return i.service.Get(i.endpoints.keys, [][2]string{{"accept", "application/json"}}, answered, timeout)
	}, i.takeKeys)
}

// takeMetadata reads the provider's description (OpenID Connect Discovery 1.0, section 4.3). The keys are fetched next.
func (i *issuer) takeMetadata(body string) (time.Duration, error) {
	o, ok := jwt.ParseObject(body)
	if !ok {
		return 0, errors.New("the answer is no JSON object, or has a member twice")
	}
	if name := textOf(o, "issuer"); name != i.url && !i.anyIssuer {
		return 0, errors.New("the issuer is \"" + printable(name, 200) + "\", not \"" + i.url + "\"")
	}
	e := endpoints{}
	for _, member := range []struct {
		name     string
		to       *string
		required bool
	}{
		{"authorization_endpoint", &e.login, true}, {"token_endpoint", &e.token, true}, {"jwks_uri", &e.keys, true},
		{"userinfo_endpoint", &e.userInfo, false}, {"end_session_endpoint", &e.endSession, false},
	} {
		text := textOf(o, member.name)
		if _, ok := parseURL(text); !ok && (member.required || o.Has(member.name)) {
			return 0, errors.New(member.name + " is no URL with http or https and a host")
		}
		*member.to = text
	}
	i.algorithms = nil
	for _, item := range items(o.Get("id_token_signing_alg_values_supported")) {
		i.algorithms = append(i.algorithms, item.String())
	}
	moved := i.endpoints == nil || i.endpoints.keys != e.keys
	i.endpoints = &e
	if moved {
		i.keyFetch.next = time.Time{}
	}
	if !i.keyFetch.asking && i.keyFetch.due() {
		i.fetchKeys(i.timeout)
	}
	return i.refreshInterval, nil
}

func (i *issuer) takeKeys(body string) (time.Duration, error) {
	set, notes, err := keys.ParsePublic(body)
	for _, note := range notes {
		log.Warn("the provider's keys: " + note)
	}
	if err != nil {
		return 0, errors.New("the answer " + err.Error())
	}
	i.keys = set
	return i.refreshInterval, nil
}

// verify checks a token's signature and goes on; with errUnavailable if that cannot be told. If no key fits, the keys are
// fetched, once for all requests that wait.
func (i *issuer) verify(token *jwt.Token, timeout uint32, next func(error)) {
	err := errUnavailable
	if i.keys != nil {
		if err = i.keys.Verify(token); err == nil {
			next(nil)
			return
		}
	}
	if !i.keyFetch.asking {
		if i.keyFetch.resting() {
			next(errUnavailable)
			return
		}
		if i.keys != nil && !i.bucket.take(i.clock()) {
			next(err)
			return
		}
		i.fetchKeys(timeout)
	}
	if !i.keyFetch.await(func() { next(i.again(token)) }) {
		next(errUnavailable)
	}
}

// again verifies after the keys were fetched.
func (i *issuer) again(token *jwt.Token) error {
	if i.keys == nil {
		return errUnavailable
	}
	err := i.keys.Verify(token)
	if err != nil && i.keyFetch.failures > 0 {
		return errUnavailable
	}
	return err
}

// bucket limits how often tokens that do not verify have the keys fetched: 5 times at once, and every 10 seconds.
type bucket struct {
	since time.Time
	taken int
}

func (b *bucket) take(now time.Time) bool {
	const most, refill = 5, 10 * time.Second
	if back := int(now.Sub(b.since) / refill); back > 0 {
		b.taken = max(0, b.taken-back)
		b.since = now
	}
	if b.taken >= most {
		return false
	}
	b.taken++
	return true
}
