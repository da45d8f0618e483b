package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/wildcard"
)

// origins are those that are allowed.
type origins struct {
	any      bool
	exact    map[string]bool // by their key
	patterns []pattern
}

// pattern is an entry of allow_origin_patterns.
type pattern struct {
	site    wildcard.Pattern // scheme://host
	ports   []string
	anyPort bool // or none
}

func newOrigins(exact, patterns []string, all bool) origins {
	list := origins{any: all, exact: map[string]bool{}}
	for _, text := range exact {
		list.exact[key(trimOrigin(text))] = true
	}
	for _, text := range patterns {
		list.patterns = append(list.patterns, newPattern(strings.ToLower(trimOrigin(text))))
	}
	return list
}

// trimOrigin is applied to origins wherever they come from.
func trimOrigin(text string) string { return strings.TrimSuffix(strings.TrimSpace(text), "/") }

// key is equal for texts that are the same origin. What is no origin, such as null, is its own key.
func key(text string) string {
	if o, ok := parseOrigin(text); ok {
		return o.site + ":" + o.port
	}
	return strings.ToLower(text)
}

// newPattern reads scheme://host, scheme://host:port, scheme://host:[port,port], and scheme://host:[*] or scheme://host:*. A
// port that is none makes a pattern that no origin fits.
func newPattern(text string) pattern {
	site, ports, ok := cutPorts(text)
	switch {
	case !ok:
		return pattern{site: wildcard.Parse(trimDot(text))}
	case ports == anything:
		return pattern{site: wildcard.Parse(trimDot(site)), anyPort: true}
	}
	return pattern{site: wildcard.Parse(trimDot(site)), ports: strings.Split(ports, ",")}
}

func trimDot(site string) string { return strings.TrimSuffix(site, ".") }

// cutPorts cuts what follows the last colon, with or without brackets; ok is false if that is no port, but part of the
// scheme or of an IPv6 address.
func cutPorts(text string) (site, ports string, ok bool) {
	if i := strings.LastIndex(text, ":["); i >= 0 && strings.HasSuffix(text, "]") {
		return text[:i], text[i+len(":[") : len(text)-1], true
	}
	i := strings.LastIndexByte(text, ':')
	if i < 0 || i < strings.LastIndexByte(text, ']') || i < strings.LastIndexByte(text, '/') {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

// allow reports whether requests from an origin, as it stands in the header, may pass.
func (l *origins) allow(text string) bool {
	if l.any || l.exact[key(text)] {
		return true
	}
	if len(l.patterns) == 0 {
		return false
	}
	o, ok := parseOrigin(text)
	if !ok {
		return false
	}
	for i := range l.patterns {
		if l.patterns[i].match(o) {
			return true
		}
	}
	return false
}

func (p *pattern) match(o origin) bool {
	return p.matchPort(o) && p.site.Matches(o.site)
}

func (p *pattern) matchPort(o origin) bool {
	if p.anyPort {
		return true
	}
	if p.ports == nil {
		return o.port == ""
	}
	port := o.effectivePort()
	for _, allowed := range p.ports {
		if allowed == port && port != "" {
			return true
		}
	}
	return false
}
