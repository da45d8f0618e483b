package main

import (
	"net/url"
	"strings"

	"github.com/corazawaf/coraza/v3/types"
)

const redacted = "***"

// isSecret reports whether the value of a header, cookie, parameter or field of this name must not be written to a log.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"authorization", "cookie", "token", "secret", "passw", "key", "credential", "session", "signature", "jwt"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "pwd" || name == "pin" || name == "sig" || name == "auth" || name == "sid"
}

// loggedData is what a rule says about the value it matched; not where that value is a secret, or may hold one.
func loggedData(match types.MatchedRule, data types.MatchData, secret func(name string) bool) string {
	text := data.Data()
	if text == "" {
		text = match.Data()
	}
	if text == "" || holdsSecret(data, text, secret) {
		return redactedUnlessEmpty(text)
	}
	for _, d := range match.MatchedDatas() {
		// The text of a chain may quote what any of its rules matched.
		if d.ChainLevel() > 0 || data.ChainLevel() > 0 || data.Data() == "" {
			if holdsSecret(d, text, secret) {
				return redacted
			}
		}
	}
	return text
}

func redactedUnlessEmpty(text string) string {
	if text == "" {
		return ""
	}
	return redacted
}

// holdsSecret reports whether a matched value is a secret, or one of several things in one text where something of a
// secret's name is mentioned.
func holdsSecret(d types.MatchData, text string, secret func(name string) bool) bool {
	variable := d.Variable().Name()
	switch variable {
	case "REQUEST_COOKIES":
		return true
	case "REQUEST_URI", "REQUEST_URI_RAW", "REQUEST_LINE", "QUERY_STRING", "REQUEST_BODY", "FULL_REQUEST", "RESPONSE_BODY":
		return mentionsSecret(text, secret)
	case "REQUEST_HEADERS":
		if key := lower(d.Key()); key == ":path" || key == "referer" {
			return mentionsSecret(text, secret)
		}
	}
	return secret(d.Key())
}

// mentionsSecret reports whether a text has a secret's name where a value follows: before = or a colon, in quotes or not.
func mentionsSecret(text string, secret func(name string) bool) bool {
	for {
		i := strings.IndexAny(text, "=:")
		if i < 0 {
			return false
		}
		before := strings.TrimRight(text[:i], "\"' ")
		name := before[strings.LastIndexFunc(before, endsName)+1:]
		if name != "" && secret(name) {
			return true
		}
		text = text[i+1:]
	}
}

// endsName reports whether a character is none of a parameter's name.
func endsName(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.')
}

// secret reports whether the value of that name is left out of what is written about the stream.
func (s *inspection) secret(name string) bool {
	return isSecret(name) || s.config.audit != nil && s.config.audit.redact[lower(name)]
}

func lower(text string) string { return strings.ToLower(text) }

// redactQuery replaces the values of query parameters with a secret's name.
func redactQuery(uri string, secret func(name string) bool) string {
	path, query, found := strings.Cut(uri, "?")
	if !found {
		return uri
	}
	out := make([]byte, 0, len(uri))
	out = append(out, path...)
	separator := byte('?')
	for more := true; more; {
		var pair string
		pair, query, more = strings.Cut(query, "&")
		name, _, hasValue := strings.Cut(pair, "=")
		out = append(out, separator)
		separator = '&'
		if plain, err := url.QueryUnescape(name); hasValue && (secret(name) || err == nil && secret(plain)) {
			out = append(append(out, name...), "="+redacted...)
			continue
		}
		out = append(out, pair...)
	}
	return string(out)
}
