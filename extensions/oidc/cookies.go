package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// maxCookie is the longest Set-Cookie text that is sent, in bytes: browsers drop longer ones (RFC 6265, section 6.1).
const maxCookie = 4000

// maxParts is how many cookies one session may take. Hosts refuse request headers of more than about 60 KiB.
const maxParts = 14

// cookies are the attributes and the secret of what the plugin sets.
type cookies struct {
	*sealer
	name               string
	domains            []string // the longest first
	path               string
	life, refresh      time.Duration // 0 for no limit, and for never
	csrfLife           time.Duration
	csrfPerRequest     bool
	secure, httpOnly   bool
	sameSite           string // as it is written; "" for none
	warnedAboutDomains bool
}

func parseCookies(r *reader) *cookies {
	c := &cookies{
		name:           r.text("cookie_name", "_oauth2_proxy"),
		domains:        r.list("cookie_domains"),
		path:           r.text("cookie_path", "/"),
		life:           r.duration("cookie_expire", 24*time.Hour),
		refresh:        r.duration("cookie_refresh", time.Hour),
		csrfLife:       r.duration("cookie_csrf_expire", 15*time.Minute),
		csrfPerRequest: r.flag("cookie_csrf_per_request", false),
		secure:         r.flag("cookie_secure", false),
		httpOnly:       r.flag("cookie_httponly", true),
	}
	c.parseSecret(r)
	c.parseSameSite(r)
	if !httpheader.IsName(c.name) || len(c.name) > 256 {
		r.fault("cookie_name: must be the name of a cookie, of at most 256 characters")
	}
	if !isAttribute(c.path) || c.path[0] != '/' {
		r.fault("cookie_path: must be a path")
	}
	for i, domain := range c.domains {
		if !isAttribute(domain) {
			r.fault("cookie_domains[" + strconv.Itoa(i) + "]: must be a domain")
		}
	}
	sortByLength(c.domains)
	if c.refresh != 0 && c.life != 0 && c.refresh >= c.life {
		r.fault(`cookie_refresh ("` + c.refresh.String() + `") must be less than cookie_expire ("` + c.life.String() + `")`)
	}
	return c
}

func (c *cookies) parseSecret(r *reader) {
	secret := r.text("cookie_secret", "")
	gcm := false
	switch form := r.text("cookie_encryption", "cfb"); form {
	case "cfb":
	case "gcm":
		gcm = true
	default:
		r.fault("cookie_encryption: must be one of cfb, gcm, not " + strconv.Quote(form))
	}
	if secret == "" {
		r.fault("missing setting: cookie-secret")
		return
	}
	if key := cookieKey(secret); !isKeyLength(len(key)) {
		r.fault("cookie_secret must be 16, 24, or 32 bytes to create an AES cipher, but is " + strconv.Itoa(len(key)) + " bytes")
		return
	}
	var err error
	c.sealer, err = newSealer(secret, gcm)
	r.check(err)
}

func (c *cookies) parseSameSite(r *reader) {
	value, set, err := r.String("cookie_samesite")
	r.check(err)
	if !set {
		value = "lax"
	}
	switch value {
	case "":
	case "lax":
		c.sameSite = "Lax"
	case "strict":
		c.sameSite = "Strict"
	case "none":
		c.sameSite = "None"
		if !c.secure {
			log.Warn("cookie_samesite: browsers drop cookies with none that are not cookie_secure")
		}
	default:
		r.fault(`cookie_samesite ("` + value + `") must be one of ['', 'lax', 'strict', 'none']`)
	}
}

func sortByLength(texts []string) {
	for i := range texts {
		for j := i; j > 0 && len(texts[j]) > len(texts[j-1]); j-- {
			texts[j], texts[j-1] = texts[j-1], texts[j]
		}
	}
}

// isAttribute tells whether text can stand in an attribute of a cookie.
func isAttribute(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f || text[i] == ';' {
			return false
		}
	}
	return text != ""
}

// set returns the value of a Set-Cookie header. host is the request's; expires may be zero.
func (c *cookies) set(name, value, host string, expires time.Time) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('=')
	b.WriteString(value)
	b.WriteString("; Path=")
	b.WriteString(c.path)
	if domain := c.domain(host); domain != "" {
		b.WriteString("; Domain=")
		b.WriteString(domain)
	}
	if !expires.IsZero() {
		b.WriteString("; Expires=")
		b.WriteString(expires.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
	}
	if c.httpOnly {
		b.WriteString("; HttpOnly")
	}
	if c.secure {
		b.WriteString("; Secure")
	}
	if c.sameSite != "" {
		b.WriteString("; SameSite=")
		b.WriteString(c.sameSite)
	}
	return b.String()
}

// until is when a session's cookie that is set now ends; zero if it lasts as long as the browser.
func (c *cookies) until(now time.Time) time.Time {
	if c.life == 0 {
		return time.Time{}
	}
	return now.Add(c.life)
}

// expired returns a Set-Cookie value that removes a cookie.
func (c *cookies) expired(name, host string, now time.Time) string {
	return c.set(name, "", host, now.Add(-time.Hour))
}

// domain is the longest of the domains that the host is in, or the shortest of them all.
func (c *cookies) domain(host string) string {
	if len(c.domains) == 0 {
		return ""
	}
	name := authority.Host(host)
	for _, domain := range c.domains {
		bare := strings.ToLower(strings.TrimPrefix(domain, "."))
		if name == bare || strings.HasSuffix(name, "."+bare) {
			return domain
		}
	}
	if !c.warnedAboutDomains {
		c.warnedAboutDomains = true
		log.Warn("cookie_domains: the request's host is in none of them; browsers will not take the cookies")
	}
	return c.domains[len(c.domains)-1]
}

// split returns the Set-Cookie values for a session, in parts if it is too long for one cookie, and removes those of
// present, the names of cookies in the request, that are not written again. ok is false for a session that is too long.
func (c *cookies) split(value, host string, expires, now time.Time, present []string) (lines []string, ok bool) {
	written := map[string]bool{}
	if whole := c.set(c.name, value, host, expires); len(whole) <= maxCookie {
		written[c.name] = true
		lines = append(lines, whole)
		value = ""
	}
	for part := 0; value != ""; part++ {
		if part >= maxParts {
			return nil, false
		}
		name := c.name + "_" + strconv.Itoa(part)
		n := min(len(value), maxCookie-len(c.set(name, "", host, expires)))
		if n <= 0 {
			return nil, false
		}
		written[name] = true
		lines = append(lines, c.set(name, value[:n], host, expires))
		value = value[n:]
	}
	for _, name := range present {
		if !written[name] {
			lines = append(lines, c.expired(name, host, now))
		}
	}
	return lines, true
}
