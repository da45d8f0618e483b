package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoadErrors(t *testing.T) {
	for _, tt := range []struct{ further, want string }{
		{`{"provider": "gitlab"}`, "could not create provider data: unknown provider type: gitlab"},
		{`{"client_id": ""}`, "provider missing setting: client-id"},
		{`{"client_secret": null}`, "missing setting: client-secret or client-secret-file"},
		{`{"cookie_secret": null}`, "missing setting: cookie-secret"},
		{`{"cookie_secret": "0123456789abcde"}`, "cookie_secret must be 16, 24, or 32 bytes to create an AES cipher, but is 15 bytes"},
		{`{"cookie_samesite": "Lax"}`, `cookie_samesite ("Lax") must be one of ['', 'lax', 'strict', 'none']`},
		{`{"cookie_expire": "4m"}`, `cookie_refresh ("4m0s") must be less than cookie_expire ("4m0s")`},
		{`{"service_port": null}`, "invalid service config: service_name and service_port are required"},
		{`{"service_port": "443"}`, "service_port: must be a whole number, not \"443\"\n  invalid service config: service_name and service_port are required"},
		{`{"validate_service_name": "x.dns"}`, "invalid service config: validate_service_name needs validate_service_port"},
		{`{"session_store_type": "redis"}`, "unknown session store type 'redis'"},
		{`{"cookie_secure": "true"}`, `cookie_secure: must be true or false, not "true"`},
		{`{"cookie_httponly": 1}`, "cookie_httponly: must be true or false, not 1"},
		{`{"client_id": 1}`, "client_id: must be a string\n  provider missing setting: client-id"},
		{`{"cookie_expire": "1 day"}`, `cookie_expire: must be a duration such as 15m, not "1 day"`},
		{`{"cookie_csrf_expire": "-1m"}`, `cookie_csrf_expire: must be a duration such as 15m, not "-1m"`},
		{`{"redeem_timeout": "5000"}`, `redeem_timeout: must be a whole number, not "5000"`},
		{`{"redeem_timeout": -1}`, "redeem_timeout: must be between 0 and 600000, not -1"},
		{`{"cookie_domains": {"a": 1}}`, "cookie_domains: must be a list of strings"},
		{`{"cookie_domains": ["a;b"]}`, "cookie_domains[0]: must be a domain"},
		{`{"cookie_path": "/;x"}`, "cookie_path: must be a path"},
		{`{"cookie_name": "a b"}`, "cookie_name: must be the name of a cookie, of at most 256 characters"},
		{`{"cookie_encryption": "des"}`, `cookie_encryption: must be one of cfb, gcm, not "des"`},
		{`{"redirect_url": "https://%zz"}`, "redirect_url: cannot be parsed"},
		{`{"redirect_url": "ftp://a/"}`, "redirect_url: must be a URL with http or https and a host, or a path"},
		{`{"oidc_issuer_url": null}`, "missing setting: oidc-issuer-url"},
		{`{"oidc_issuer_url": "login.corp.test"}`, "oidc_issuer_url: must be a URL with http or https and a host"},
		{`{"oidc_jwks_url": null}`, "missing setting: oidc-jwks-url"},
		{`{"proxy_prefix": "oauth2"}`, "proxy_prefix: must begin with / and a name"},
		{`{"session_cookie_minimal": true}`, "session_cookie_minimal: cannot be used with provider oidc, whose sessions are their ID tokens"},
		{`{"provider": "github"}`, "invalid service config: validate_service_name and validate_service_port are required"},
		{`{"provider": "aliyun", "skip_jwt_bearer_tokens": true}`, "skip_jwt_bearer_tokens: needs provider oidc"},
		{`{"match_list": ["/"]}`, "match_list[0]: must be an object"},
		{`{"match_list": [{"match_rule_domain": 1}]}`, "match_list[0].match_rule_domain: must be a string"},
		{`{"match_type": "blacklist"}`, "match_list: must not be empty with match_type blacklist: no request would need login"},
		{`{"match_type": "blacklist", "match_list": [{"match_rule_domain": "*", "match_rule_path": "/"}]}`, "match_list[0]: match_rule_domain, match_rule_path and match_rule_type are all required"},
		{`{"match_type": "blacklist", "match_list": [{"match_rule_domain": "*", "match_rule_path": "(", "match_rule_type": "regex"}]}`, "match_list[0]: match_rule_path: error parsing regexp: missing closing ): `(`"},
		{`{"match_type": "blacklist", "match_list": [{"match_rule_domain": "*", "match_rule_path": "/", "match_rule_type": "suffix"}]}`, `match_list[0]: match_rule_type: must be exact, prefix or regex, not "suffix"`},
	} {
		var c Config
		err := parse(with(t, tt.further), &c)
		assert.EqualError(t, err, "invalid configuration:\n  "+tt.want, tt.further)
		assert.Nil(t, c.client)
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	var c Config
	err := parse(`{}`, &c)
	assert.EqualError(t, err, `invalid configuration:
  provider missing setting: client-id
  missing setting: client-secret or client-secret-file
  invalid service config: service_name and service_port are required
  missing setting: oidc-issuer-url
  missing setting: cookie-secret`)
}

func TestLoads(t *testing.T) {
	for _, further := range []string{
		`{"redirect_url": null}`, `{"cookie_expire": 3600000000000, "cookie_refresh": 0}`, `{"cookie_expire": "0s", "cookie_refresh": "48h"}`,
		`{"cookie_samesite": ""}`, `{"cookie_domains": "shop.test"}`, `{"match_type": "none"}`, `{"unknown": [1]}`, `{"code_challenge_method": "S512"}`,
		`{"match_list": [{"match_rule_path": "/"}]}`, `{"match_list": [{"match_rule_domain": "*", "match_rule_path": "(", "match_rule_type": "regex"}]}`,
		`{"login_url": null}`, `{"provider": "aliyun", "oidc_issuer_url": null, "session_cookie_minimal": true}`,
	} {
		load(t, further)
	}
}

func TestFieldsAreMatchedWithoutCase(t *testing.T) {
	var c Config
	require.NoError(t, parse(with(t, `{"Cookie_Name": "x", "COOKIE_EXPIRE": "48h", 
		"Match_List": [{"Match_Rule_Domain": "*", "match_rule_PATH": "/x", "match_rule_type": "exact"}]}`), &c))
	assert.Equal(t, "x", c.client.cookies.name)
	assert.Equal(t, 48*time.Hour, c.client.cookies.life)
	assert.True(t, c.client.exempt.exempts("a.test", "/x"))
}

func TestAnEmptyGlobalPartBesideRulesNeedsNoLogin(t *testing.T) {
	var c Config
	require.NoError(t, parse(`{"_rules_": []}`, &c))
	assert.Nil(t, c.client)
	assert.Error(t, parse(`{"_rules_": [], "client_id": "x"}`, &c))
}

func TestNothingIsExemptUnderAnUnknownMatchType(t *testing.T) {
	c := load(t, `{"match_type": "Whitelist", "match_list": [{"match_rule_domain": "*", "match_rule_path": "/", "match_rule_type": "prefix"}]}`)
	assert.False(t, c.exempt.exempts("a.test", "/"))
}
