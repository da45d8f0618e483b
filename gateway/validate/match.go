package validate

import (
	"fmt"
	"strings"
	"unicode"
)

// names refuses entries of a list of routes or services that nothing is called by.
func (p *wasmPlugin) names(field string, list []string) {
	for i, name := range list {
		switch {
		case name == "":
			p.emptyName(fmt.Sprintf("%s[%d]", field, i))
		case strings.ContainsFunc(name, unicode.IsSpace):
			p.fail(fmt.Sprintf("%s[%d]", field, i), "matches nothing: no route or service has a blank in its name")
		}
	}
}

// domains refuses entries of a list of domains that match no request, and notes what looks like several in one.
func (p *wasmPlugin) domains(field string, list []string) {
	for i, pattern := range list {
		field := fmt.Sprintf("%s[%d]", field, i)
		if pattern == "" {
			p.emptyName(field)
			continue
		}
		if reason := matchesNoHost(pattern); reason != "" {
			p.fail(field, "matches nothing: %s", reason)
			continue
		}
		if strings.Contains(pattern, ",") {
			p.note(field, "is one domain with a comma in it; several domains are several entries")
		}
	}
}

func (p *wasmPlugin) emptyName(field string) {
	p.emptyNames = true
	p.fail(field, "must not be empty")
}

// matchesNoHost says why a pattern of a domain matches no request's host, "" if one can. A pattern is a host (RFC 3986
// section 3.2.2), the end of one after an asterisk, or the beginning of one before an asterisk. The host that it is compared
// with has lost its port.
func matchesNoHost(pattern string) string {
	host, suffix := strings.CutPrefix(pattern, "*")
	if !suffix {
		host = strings.TrimSuffix(pattern, "*")
	}
	switch {
	case strings.Contains(host, "://"):
		return "it is a URL; write the host alone"
	case strings.ContainsFunc(host, unicode.IsSpace):
		return "a host has no blanks"
	case strings.Contains(host, "/"):
		return "a host has no path"
	case strings.Contains(host, "*"):
		return "an asterisk stands for any text at one end only, as in *.example.com or example.*"
	case hasPort(host):
		return "hosts are compared without their port"
	}
	for _, c := range host {
		if c > unicode.MaxASCII {
			return "requests have international domains in their ASCII form, xn--…"
		}
		if c < '!' || c > '~' || strings.ContainsRune("\"#<>?@\\^`{|}", c) {
			return fmt.Sprintf("a host has no %q", c)
		}
	}
	return ""
}

// hasPort reports whether a host has a colon outside an IPv6 address in brackets, of which it may be a piece.
func hasPort(host string) bool {
	if end := strings.LastIndexByte(host, ']'); end >= 0 {
		return strings.Contains(host[end:], ":")
	}
	return !strings.HasPrefix(host, "[") && strings.Contains(host, ":")
}

// wholeRule checks what a rule of a whole configuration matches, where a single value stands for a list of one.
func (p *wasmPlugin) wholeRule(field string, rule map[string]any) {
	for key, value := range rule {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for i, item := range list {
			text, ok := item.(string)
			if !ok {
				continue
			}
			at := field + "." + key
			if isList {
				at = fmt.Sprintf("%s[%d]", at, i)
			}
			p.wholeName(at, key, text)
		}
	}
}

func (p *wasmPlugin) wholeName(field, key, text string) {
	switch key {
	case "_match_route_", "_match_service_", "_match_route_prefix_":
		if text == "" {
			p.emptyName(field)
		}
	case "_match_domain_":
		if text == "" {
			p.emptyName(field)
		} else if reason := matchesNoHost(text); reason != "" {
			p.fail(field, "matches nothing: %s", reason)
		}
	}
}
