package schema

import (
	"net/netip"
	"regexp/syntax"
	"strings"
	"time"
)

// formats are the formats that are checked, by name; others say nothing.
var formats map[string]func(string) bool

func init() {
	formats = map[string]func(string) bool{
		"date-time":             layout(time.RFC3339),
		"date":                  layout(time.DateOnly),
		"time":                  layout("15:04:05Z07:00"),
		"hostname":              isHostname,
		"email":                 isEmail,
		"ip-address":            isIPv4,
		"ipv4":                  isIPv4,
		"ipv6":                  isIPv6,
		"uri":                   isURI,
		"iri":                   isURI,
		"uri-reference":         isURIReference,
		"uriref":                isURIReference,
		"iri-reference":         isURIReference,
		"uri-template":          isURITemplate,
		"regex":                 isRegexp,
		"json-pointer":          isPointer,
		"relative-json-pointer": isRelativePointer,
		"format":                isFormat,
	}
}

func isFormat(s string) bool {
	_, ok := formats[s]
	return ok
}

// layout is a time in RFC 3339, section 5.6. Leap seconds are no times.
func layout(form string) func(string) bool {
	return func(s string) bool {
		if len(s) > 100 {
			return false
		}
		_, err := time.Parse(form, s)
		return err == nil && strings.IndexByte(s, ',') < 0
	}
}

// isHostname follows RFC 1034, section 3.1, with the digits of RFC 1123.
func isHostname(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) < 1 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isAlphanumeric(c) && c != '-' {
				return false
			}
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isEmail takes a mailbox (RFC 5321, section 4.1.2; characters beyond ASCII as in RFC 6531).
func isEmail(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return len(s) <= 254 && at >= 1 && at <= 64 && isLocalPart(s[:at]) && isMailDomain(s[at+1:])
}

func isLocalPart(s string) bool {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return isQuoted(s[1 : len(s)-1])
	}
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if c := atom[i]; !isAlphanumeric(c) && c < 0x80 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
				return false
			}
		}
	}
	return true
}

// isQuoted takes what may stand between the quotes of a local part.
func isQuoted(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f || c == '"':
			return false
		case c == '\\':
			if i++; i == len(s) {
				return false
			}
		}
	}
	return true
}

func isMailDomain(s string) bool {
	literal, ok := strings.CutPrefix(s, "[")
	if !ok {
		return isHostname(s)
	}
	literal, ok = strings.CutSuffix(literal, "]")
	if six, is := strings.CutPrefix(literal, "IPv6:"); is {
		return ok && isIPv6(six)
	}
	return ok && isIPv4(literal)
}

func isIPv4(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is4()
}

func isIPv6(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && addr.Zone() == ""
}

// isRegexp takes RE2's expressions, up to a length.
func isRegexp(s string) bool {
	if len(s) > 1000 {
		return false
	}
	_, err := syntax.Parse(s, syntax.Perl)
	return err == nil
}

// isPointer follows RFC 6901.
func isPointer(s string) bool {
	if s != "" && s[0] != '/' {
		return false
	}
	for {
		_, rest, ok := strings.Cut(s, "~")
		if !ok {
			return true
		}
		if rest == "" || rest[0] != '0' && rest[0] != '1' {
			return false
		}
		s = rest
	}
}

// isRelativePointer takes a number of levels, without a leading 0, and a pointer or "#".
func isRelativePointer(s string) bool {
	rest := strings.TrimLeft(s, "0123456789")
	levels := len(s) - len(rest)
	if levels == 0 || levels > 1 && s[0] == '0' {
		return false
	}
	return rest == "#" || isPointer(rest)
}
