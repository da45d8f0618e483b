package main

import (
	"errors"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/verified"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Config is the global configuration, or that of a rule.
type Config struct {
	independent.Global
	client *client // nil where no user has to log in: an empty global configuration beside rules
}

// client is the gateway as a client of the provider (OpenID Connect Core 1.0, section 1.2). Apart from what the provider
// publishes, and what is remembered of its answers, it is never changed.
type client struct {
	kind       kind
	id, secret string
	service    wrapper.HttpClient // the provider
	validation wrapper.HttpClient // of tokens, for github
	validate   string             // URL of the latter

	fetchTimeout, redeemTimeout uint32 // ms

	redirect      redirect
	prefix        string // of the plugin's own paths: "/oauth2"
	scope         string
	challenge     string      // code_challenge_method, "" for no PKCE
	further       [][2]string // parameters of the login URL
	encodeState   bool
	reverseProxy  bool
	skipPreflight bool

	checkNonce      bool
	audienceClaims  []string
	audiences       []string
	claims          claimNames
	allowedGroups   map[string]struct{} // nil for all
	bearer          bool
	passIDToken     bool
	passAccessToken bool
	minimal         bool

	cookies *cookies
	exempt  exemption
	targets targets
	issuer  *issuer
	grants  *grants
	spent   *verified.Cache // states of logins that were completed
	clock   func() time.Time
}

// memory is how many completed logins, and how many refreshes, a VM remembers.
const memory = 1024

// parseConfig reads a configuration. All faults are reported together.
func parseConfig(o field.Object, config *Config) error {
	r := newReader(o)
	if r.empty && o.JSON().Get("_rules_").Exists() {
		return nil
	}
	c := &client{grants: newGrants(), spent: verified.New(memory), clock: time.Now}
	c.parseProvider(r)
	c.parseLogin(r)
	c.parseSession(r)
	if len(r.faults) > 0 {
		return errors.New("invalid configuration:\n  " + strings.Join(r.faults, "\n  "))
	}
	c.issuer.start()
	config.client = c
	return nil
}

func (c *client) parseProvider(r *reader) {
	c.kind = parseKind(r)
	if c.id = r.text("client_id", ""); c.id == "" {
		r.fault("provider missing setting: client-id")
	}
	if c.secret = r.text("client_secret", ""); c.secret == "" {
		r.fault("missing setting: client-secret or client-secret-file")
	}
	c.service = r.service("service", true)
	if c.kind == github {
		c.validation = r.service("validate_service", true)
		c.validate = r.url("validate_url", "https://api.github.com/")
	} else {
		r.service("validate_service", false)
	}
	c.fetchTimeout = r.timeout("oidc_verifier_request_timeout", 2000)
	c.redeemTimeout = r.timeout("redeem_timeout", 5000)
	c.issuer = parseIssuer(r, c)
}

func (c *client) parseLogin(r *reader) {
	c.prefix = r.text("proxy_prefix", "/oauth2")
	c.prefix = strings.TrimRight(c.prefix, "/")
	if c.prefix == "" || c.prefix[0] != '/' {
		r.fault("proxy_prefix: must begin with / and a name")
	}
	groups := r.list("allowed_groups")
	scope := c.kind.scope()
	if c.kind == oidc && len(groups) > 0 {
		scope += " groups"
	}
	c.scope = strings.ReplaceAll(r.text("scope", scope), ";", " ")
	c.challenge = r.text("code_challenge_method", "")
	if c.challenge != "" && c.challenge != "S256" && c.challenge != "plain" {
		log.Error("code_challenge_method: must be S256 or plain; every login is refused")
	}
	for _, name := range []string{"prompt", "approval_prompt", "acr_values"} {
		value := r.text(name, "")
		if value == "" || name == "approval_prompt" && len(c.further) > 0 {
			continue
		}
		c.further = append(c.further, [2]string{name, value})
	}
	c.encodeState = r.flag("encode_state", false)
	c.reverseProxy = r.flag("reverse_proxy", false)
	c.skipPreflight = r.flag("skip_auth_preflight", false)
	c.redirect = parseRedirect(r, c.prefix)
	c.exempt = parseExemption(r)
	if len(groups) > 0 {
		c.allowedGroups = make(map[string]struct{}, len(groups))
		for _, group := range groups {
			c.allowedGroups[group] = struct{}{}
		}
	}
	if len(groups) > 0 && c.kind == github {
		log.Error("allowed_groups: github tells no groups; every user is refused")
	}
}

func (c *client) parseSession(r *reader) {
	c.cookies = parseCookies(r)
	c.checkNonce = !r.flag("insecure_oidc_skip_nonce", true)
	c.audienceClaims = r.list("oidc_audience_claims")
	if len(c.audienceClaims) == 0 {
		c.audienceClaims = []string{"aud"}
	}
	c.audiences = append([]string{c.id}, r.list("oidc_extra_audiences")...)
	c.claims = claimNames{
		email:     r.text("oidc_email_claim", "email"),
		groups:    r.text("oidc_groups_claim", "groups"),
		user:      r.text("user_id_claim", "sub"),
		preferred: "preferred_username",
	}
	c.passIDToken = r.flag("pass_authorization_header", true)
	c.passAccessToken = r.flag("pass_access_token", false)
	if store := r.text("session_store_type", "cookie"); store != "cookie" {
		r.fault("unknown session store type '" + store + "'")
	}
	c.minimal = r.flag("session_cookie_minimal", false)
	if c.minimal && c.kind == oidc {
		r.fault("session_cookie_minimal: cannot be used with provider oidc, whose sessions are their ID tokens")
	}
	if c.minimal && c.kind == github {
		log.Error("session_cookie_minimal: github cannot validate sessions without their tokens; every request logs in again")
	}
	c.bearer = r.flag("skip_jwt_bearer_tokens", false)
	if c.bearer && c.kind != oidc {
		r.fault("skip_jwt_bearer_tokens: needs provider oidc")
	}
	c.targets = parseTargets(r)
	// Read so that a wrong type is told; they have no effect.
	r.text("profile_url", "")
	r.flag("skip_claims_from_profile_url", false)
}
