package main

import (
	"strings"

	"github.com/corazawaf/coraza/v3/types"
)

const redacted = "***"

// isSecret reports whether the value of a header, cookie, parameter or field of this name must not be written to a log.
func isSecret(name string) bool {
	name = lower(name)
	for _, part := range []string{"authorization", "cookie", "token", "secret", "passw", "key", "credential", "session", "signature", "jwt"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return name == "pwd" || name == "pin" || name == "sig" || name == "auth" || name == "sid"
}

// secret reports whether the value of that name is left out of what is written about the stream.
func (s *inspection) secret(name string) bool {
	var more map[string]bool
	if s.config.audit != nil {
		more = s.config.audit.redact
	}
	return namesSecret(name, more)
}

// namesSecret reports whether a name is a secret's: the name as a whole, in JSON that behind the leading json, or one of
// the names on the way to a field, as in user.card and user[card]; as it is written or as it is meant. more are names, in
// lower case, of which isSecret does not know.
func namesSecret(name string, more map[string]bool) bool {
	secret := func(part string) bool { return isSecret(part) || more[lower(part)] }
	for _, spelling := range spellings(name) {
		if secret(spelling) || secret(strings.TrimPrefix(spelling, "json.")) {
			return true
		}
		for part := range strings.FieldsFuncSeq(spelling, func(c rune) bool { return c == '.' || c == '[' || c == ']' }) {
			if secret(strings.TrimSpace(part)) {
				return true
			}
		}
	}
	return false
}

// loggedData is what a rule says about the value it matched; not where that value is a secret, or may hold one.
func loggedData(match types.MatchedRule, data types.MatchData, secret func(name string) bool) string {
	text := data.Data()
	if text == "" {
		text = match.Data()
	}
	return withoutSecrets(text, match, data, secret)
}

// loggedMessage is the message of a rule for a value it matched.
func loggedMessage(match types.MatchedRule, data types.MatchData, secret func(name string) bool) string {
	text := data.Message()
	if text == "" {
		return ruleMessage(match, secret)
	}
	return withoutQuote(text, match, data, secret)
}

// ruleMessage is the message of a rule.
func ruleMessage(match types.MatchedRule, secret func(name string) bool) string {
	text := match.Message()
	for _, data := range match.MatchedDatas() {
		if withoutQuote(text, match, data, secret) == redacted {
			return redacted
		}
	}
	return text
}

// withoutQuote returns a message unless it quotes a value that is a secret, or holds one.
func withoutQuote(text string, match types.MatchedRule, data types.MatchData, secret func(name string) bool) string {
	if value := data.Value(); value == "" || !strings.Contains(text, value) {
		return text
	}
	return withoutSecrets(text, match, data, secret)
}

func withoutSecrets(text string, match types.MatchedRule, data types.MatchData, secret func(name string) bool) string {
	if text == "" {
		return ""
	}
	if holdsSecret(data, text, secret) {
		return redacted
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

// holdsSecret reports whether a matched value is a secret, or one of several things in one text where a secret's name is
// mentioned.
func holdsSecret(d types.MatchData, text string, secret func(name string) bool) bool {
	switch d.Variable().Name() {
	case "REQUEST_COOKIES":
		return true
	case "ARGS", "ARGS_GET", "ARGS_POST", "ARGS_NAMES", "ARGS_GET_NAMES", "ARGS_POST_NAMES":
		// A name may be a text that was read as a form.
		return secret(d.Key()) || mentionsSecret(d.Key(), secret) || hidesSecret(d.Value(), secret)
	case "REQUEST_URI", "REQUEST_URI_RAW", "REQUEST_LINE", "REQUEST_FILENAME", "REQUEST_BASENAME", "QUERY_STRING", "REQUEST_BODY",
		"FULL_REQUEST", "RESPONSE_BODY":
		return mentionsSecret(text, secret) || mentionsSecret(d.Value(), secret)
	case "REQUEST_HEADERS":
		if key := lower(d.Key()); key == ":path" || key == "referer" {
			return mentionsSecret(text, secret) || mentionsSecret(d.Value(), secret)
		}
	}
	return secret(d.Key())
}

// mentionsSecret reports whether a text has a secret's name where a value follows: before = or a colon, in quotes or not,
// as the text is written or as it is meant.
func mentionsSecret(text string, secret func(name string) bool) bool {
	for _, spelling := range spellings(text) {
		for rest := spelling; ; {
			i := strings.IndexAny(rest, "=:")
			if i < 0 {
				break
			}
			before := strings.TrimRight(rest[:i], "\"' ")
			name := before[strings.LastIndexFunc(before, endsName)+1:]
			if name != "" && secret(name) {
				return true
			}
			rest = rest[i+1:]
		}
	}
	return false
}

// hidesSecret reports whether the value of an argument holds parameters of its own of which one is a secret: it is a URL, or
// several arguments to a backend that splits at semicolons.
func hidesSecret(value string, secret func(name string) bool) bool {
	for _, spelling := range spellings(value) {
		if i := strings.IndexAny(spelling, ";?&"); i >= 0 && mentionsSecret(spelling[i:], secret) {
			return true
		}
	}
	return false
}

// endsName reports whether a character is none of a parameter's name.
func endsName(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c > 0x7f:
		return false
	}
	return strings.IndexRune("_-.[]", c) < 0
}

func lower(text string) string { return strings.ToLower(text) }

// redactQuery replaces the values of query parameters with a secret's name, and those that hide one, and the
// parameters of a path (RFC 3986 section 3.3) where there is a secret among them.
func redactQuery(uri string, secret func(name string) bool) string {
	path, query, found := strings.Cut(uri, "?")
	if i := strings.IndexByte(path, ';'); i >= 0 && mentionsSecret(path[i:], secret) {
		path = path[:i] + ";" + redacted
	}
	if !found {
		return path
	}
	out := make([]byte, 0, len(uri))
	out = append(out, path...)
	separator := byte('?')
	for more := true; more; {
		var pair string
		pair, query, more = strings.Cut(query, "&")
		name, value, hasValue := strings.Cut(pair, "=")
		out = append(out, separator)
		separator = '&'
		if hasValue && (secret(name) || hidesSecret(value, secret)) {
			out = append(append(out, name...), "="+redacted...)
			continue
		}
		out = append(out, pair...)
	}
	return string(out)
}
