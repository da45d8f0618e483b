package httpheader

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// IsName tells whether text is a token (RFC 9110, section 5.6.2), and so the name of a header that is no pseudo header.
// Methods (section 9.1) and names of cookies (RFC 6265, section 4.1.1) are tokens, too.
func IsName(text string) bool {
	for i := range len(text) {
		c := text[i]
		alphanumeric := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if !alphanumeric && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return text != ""
}

// IsNameOrPseudo tells whether text can be the name of a header or of a pseudo header (RFC 9113, section 8.3).
func IsNameOrPseudo(text string) bool { return IsName(strings.TrimPrefix(text, ":")) }

// NameError is the load error about a field with a text that IsName refuses: "nonce_header: must be the name of a header".
func NameError(o field.Object, key string) error {
	return o.FieldError(key, "must be the name of a header")
}

// RequiredName reads the name of a header, in lower case, that must be there.
func RequiredName(o field.Object, key string) (string, error) {
	name, err := o.Required(key)
	if err != nil {
		return "", err
	}
	if !IsName(name) {
		return "", NameError(o, key)
	}
	return strings.ToLower(name), nil
}

// Names reads a list of names of headers, in lower case. It is nil where the field is absent or null.
func Names(o field.Object, key string) ([]string, error) {
	names, _, err := o.Strings(key)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		if !IsName(name) {
			return nil, NameError(o, field.Item(key, i))
		}
		names[i] = strings.ToLower(name)
	}
	return names, nil
}
