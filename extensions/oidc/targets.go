package main

import (
	"net/url"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/consumers"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// targets are the hosts, apart from the provider's and our own, that browsers may be sent to.
type targets struct{ hosts []hostPattern }

// hostPattern is one of whitelist_domains: "x.test", ".x.test" or "*.x.test", with ":port" or ":*".
type hostPattern struct {
	name       string
	subdomains bool // of name, without name itself
	port       string
}

func parseTargets(r *reader) targets {
	var t targets
	for _, key := range []string{"cookie_domains", "whitelist_domains"} {
		for _, text := range r.list(key) {
			t.hosts = append(t.hosts, parseHostPattern(text))
		}
	}
	return t
}

func parseHostPattern(text string) hostPattern {
	name, port := authority.Divide(strings.ToLower(text))
	p := hostPattern{port: port}
	p.name = strings.TrimPrefix(name, "*")
	p.subdomains = strings.HasPrefix(p.name, ".")
	p.name = strings.TrimSuffix(strings.TrimPrefix(p.name, "."), ".")
	return p
}

func (p *hostPattern) matches(u *url.URL) bool {
	name, port := authority.Divide(strings.ToLower(u.Host))
	name = strings.TrimSuffix(name, ".")
	if p.subdomains && !strings.HasSuffix(name, "."+p.name) || !p.subdomains && name != p.name {
		return false
	}
	return p.port == ":*" || port == p.port || p.port == "" && port == defaultPort(u.Scheme) || port == "" && p.port == defaultPort(u.Scheme)
}

// target is where the browser goes after login or logout: what the request asks for, as far as that is allowed, else /.
func (x *exchange) target() string {
	wishes := [...]string{x.parameter("rd"), x.header("x-auth-request-redirect"), x.forwardedTarget(), x.ownTarget()}
	for _, wish := range wishes {
		if wish != "" && x.isTarget(wish) {
			return wish
		}
	}
	return "/"
}

// forwardedTarget is what the proxy before us was asked for.
func (x *exchange) forwardedTarget() string {
	uri, host := x.forwarded("x-forwarded-uri"), x.forwarded("x-forwarded-host")
	if uri == "" || host == "" || strings.HasPrefix(uri, x.prefix) {
		return ""
	}
	return x.scheme() + "://" + host + uri
}

func (x *exchange) ownTarget() string {
	if strings.HasPrefix(x.path, x.prefix+"/") {
		return ""
	}
	return x.path
}

// isTarget tells whether browsers may be sent there.
func (x *exchange) isTarget(text string) bool {
	if len(text) > consumers.MaxCredential || httpheader.HasControl(text) {
		return false
	}
	if strings.HasPrefix(text, "/") {
		return isPlainTarget(text)
	}
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") || strings.ContainsAny(text, `\ `) {
		return false
	}
	u, ok := parseURL(text)
	return ok && x.isHostTarget(u)
}

// isPlainTarget tells whether no reader takes the text for anything but a path on the same host: in front of the query
// there are no two slashes, or backslashes, with nothing, blanks or one or two dots between them.
func isPlainTarget(text string) bool {
	path, _, _ := strings.Cut(text, "?")
	path, _, _ = strings.Cut(path, "#")
	path = strings.ReplaceAll(path, `\`, "/")
	for _, segment := range strings.Split(path[1:], "/")[:strings.Count(path, "/")-1] {
		if segment = strings.TrimLeft(segment, " \u00a0"); segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return len(path) < 2 || path[1] != '/'
}

func (x *exchange) isHostTarget(u *url.URL) bool {
	if u.Host == "" {
		return false
	}
	own := x.redirect.url.Host
	if own == "" {
		own = x.outerHost()
	}
	if sameHost(u.Scheme, u.Host, own) || x.isProvider(u) {
		return true
	}
	for i := range x.targets.hosts {
		if x.targets.hosts[i].matches(u) {
			return true
		}
	}
	return false
}

// isProvider tells whether a URL is the provider's, and not less protected than the provider is.
func (x *exchange) isProvider(u *url.URL) bool {
	for _, host := range x.issuer.hosts() {
		if sameHost(u.Scheme, u.Host, host.Host) && (u.Scheme == "https" || u.Scheme == host.Scheme) {
			return true
		}
	}
	return false
}

// location is a target as a Location header holds it: blanks and what is not ASCII are percent-encoded.
func location(target string) string {
	const digits = "0123456789ABCDEF"
	safe := make([]byte, 0, len(target))
	for i := range len(target) {
		if c := target[i]; c > ' ' && c < 0x7f {
			safe = append(safe, c)
		} else {
			safe = append(safe, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(safe)
}
