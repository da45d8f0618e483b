package wrapper

import (
	"errors"
	"strings"
)

// target is where a call goes: what a URL reference (RFC 3986, section 4.1) says. It is read here and not with net/url,
// whose package initialisation takes net/netip, unique and weak into every plugin, 0.1 MB of it.
//
// References are accepted and refused as url.Parse does it, and the parts are what its result has, with one difference:
// if something in a path or fragment must be percent-encoded, only that is. net/url then decodes and encodes all of it,
// so that %2F becomes a slash and the characters !'()*[] are encoded.
type target struct {
	scheme   string // in lower case
	host     string // with the port, without userinfo; percent-encoding is undone
	path     string // percent-encoded; "" for an opaque reference such as mailto:a
	query    string // as it is in the reference
	fragment string // percent-encoded
}

// Why a reference is refused. References may hold secrets, so that no error quotes any of one.
var (
	errURLControl  = errors.New("parse URL: control character")
	errURLScheme   = errors.New("parse URL: no scheme before the colon")
	errURLColon    = errors.New("parse URL: colon in the first segment of a relative path")
	errURLEscape   = errors.New("parse URL: percent sign without two hexadecimal digits")
	errURLUserinfo = errors.New("parse URL: invalid userinfo")
	errURLPort     = errors.New("parse URL: invalid port")
	errURLHost     = errors.New("parse URL: invalid host")
)

// parseTarget reads a reference. Of http and https, a host without brackets has one colon at most.
func parseTarget(reference string) (t target, err error) {
	rest, fragment, _ := strings.Cut(reference, "#")
	for i := range len(rest) {
		if rest[i] < ' ' || rest[i] == 0x7f {
			return target{}, errURLControl
		}
	}
	if t.scheme, rest, err = cutScheme(rest); err != nil {
		return target{}, err
	}
	rest, t.query, _ = strings.Cut(rest, "?")
	if t.fragment, err = percentEncode(fragment); err != nil {
		return target{}, err
	}
	if rest == "" || rest[0] != '/' {
		if t.scheme != "" {
			return t, nil
		}
		if segment, _, _ := strings.Cut(rest, "/"); strings.IndexByte(segment, ':') >= 0 {
			return target{}, errURLColon
		}
	}
	if strings.HasPrefix(rest, "//") && (t.scheme != "" || !strings.HasPrefix(rest, "///")) {
		authority := rest[2:]
		rest = ""
		if slash := strings.IndexByte(authority, '/'); slash >= 0 {
			authority, rest = authority[:slash], authority[slash:]
		}
		if t.host, err = hostOf(authority, t.scheme == "http" || t.scheme == "https"); err != nil {
			return target{}, err
		}
	}
	if t.path, err = percentEncode(rest); err != nil {
		return target{}, err
	}
	return t, nil
}

// cutScheme returns the scheme in lower case, "" if there is none, and what follows its colon (RFC 3986, section 3.1).
func cutScheme(reference string) (scheme, rest string, err error) {
	for i := range len(reference) {
		switch c := reference[i]; {
		case isLetter(c):
		case c == ':' && i == 0:
			return "", "", errURLScheme
		case c == ':':
			return strings.ToLower(reference[:i]), reference[i+1:], nil
		case i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.':
			return "", reference, nil
		}
	}
	return "", reference, nil
}

// pathAndQuery is the value of `:path` for a target, without the fragment.
func (t *target) pathAndQuery() string {
	path := t.absolutePath()
	if t.query != "" {
		path += "?" + t.query
	}
	return path
}

func (t *target) absolutePath() string {
	if strings.HasPrefix(t.path, "/") {
		return t.path
	}
	return "/" + t.path
}

// redacted is the target for logs: credentials travel in queries and fragments.
func (t *target) redacted() string {
	text := t.absolutePath()
	if t.query != "" {
		text += "?***"
	}
	if t.host == "" {
		return text
	}
	return t.scheme + "://" + t.host + text
}

// percentEncode encodes what can stand neither in a path nor in a fragment (RFC 3986, sections 3.3 and 3.5; brackets can,
// as everywhere). Escapes are left as they are. A question mark is no part of a path any more.
func percentEncode(text string) (string, error) {
	const hexadecimal, others = "0123456789ABCDEF", "-._~!$&'()*+,;=:@/?[]%"
	var encoded []byte
	done := 0
	for i := range len(text) {
		c := text[i]
		if c == '%' && (i+2 >= len(text) || !isHex(text[i+1]) || !isHex(text[i+2])) {
			return "", errURLEscape
		}
		if isLetter(c) || isDigit(c) || strings.IndexByte(others, c) >= 0 {
			continue
		}
		encoded = append(append(encoded, text[done:i]...), '%', hexadecimal[c>>4], hexadecimal[c&15])
		done = i + 1
	}
	if done == 0 {
		return text, nil
	}
	return string(append(encoded, text[done:]...)), nil
}

// percentDecode undoes the escapes of a text whose escapes are known to be well-formed.
func percentDecode(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	decoded := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' {
			c = hexValue(text[i+1])<<4 | hexValue(text[i+2])
			i += 2
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

// hexValue is that of a hexadecimal digit.
func hexValue(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
