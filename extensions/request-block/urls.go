package main

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// urlRules are the rules on the path with its query.
type urlRules struct {
	exact    map[string]struct{} // in lower case where fold is set
	keywords *keywords
	regexps  []*regexp.Regexp
	fold     bool // letters match in either case
}

func (u *urlRules) parse(o field.Object, fold bool) error {
	u.fold = fold
	exact, err := texts(o, "block_exact_urls")
	if err != nil {
		return err
	}
	if len(exact) > 0 {
		u.exact = make(map[string]struct{}, len(exact))
	}
	for _, url := range exact {
		if fold {
			url = strings.ToLower(url)
		}
		u.exact[url] = struct{}{}
	}
	parts, err := texts(o, "block_urls")
	if err != nil {
		return err
	}
	u.keywords = newKeywords(parts, fold)
	expressions, err := texts(o, "block_regexp_urls")
	if err != nil {
		return err
	}
	for i, expression := range expressions {
		compiled, err := compile(expression, fold)
		if err != nil {
			return o.FieldError(field.Item("block_regexp_urls", i), err.Error())
		}
		u.regexps = append(u.regexps, compiled)
	}
	return nil
}

// compile lets "." match line breaks, which only an escape in the path can bring: no way around an expression.
func compile(expression string, fold bool) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(expression); err != nil {
		return nil, err // quotes the expression as it was written
	}
	flags := "(?s)"
	if fold {
		flags = "(?is)"
	}
	return regexp.Compile(flags + expression)
}

func (u *urlRules) empty() bool {
	return len(u.exact) == 0 && u.keywords == nil && len(u.regexps) == 0
}

// hit returns the details of the first rule that matches one of the path's readings, "" if none does.
func (u *urlRules) hit(path string) string {
	list := readings(path)
	if slices.ContainsFunc(list, u.hitExact) {
		return "request-block.url_blocked.exact"
	}
	if slices.ContainsFunc(list, u.keywords.in) {
		return "request-block.url_blocked.keyword"
	}
	for _, r := range u.regexps {
		if slices.ContainsFunc(list, r.MatchString) {
			return "request-block.url_blocked.regexp"
		}
	}
	return ""
}

// readings are what a backend may take a path for: as it was received, with its escapes undone, and that with repeated
// slashes and dot segments resolved (RFC 3986, section 5.2.4).
func readings(path string) []string {
	list := []string{path}
	decoded := decode(path)
	if decoded != path {
		list = append(list, decoded)
	}
	if resolved := resolve(decoded); resolved != decoded {
		list = append(list, resolved)
	}
	return list
}

// resolve leaves the query as it is.
func resolve(target string) string {
	bare, query, hasQuery := strings.Cut(target, "?")
	if !strings.HasPrefix(bare, "/") || !strings.Contains(bare, "//") && !strings.Contains(bare, "/.") {
		return target
	}
	resolved := path.Clean(bare)
	if resolved != "/" && (strings.HasSuffix(bare, "/") || strings.HasSuffix(bare, "/.") || strings.HasSuffix(bare, "/..")) {
		resolved += "/"
	}
	if hasQuery {
		return resolved + "?" + query
	}
	return resolved
}

func (u *urlRules) hitExact(path string) bool {
	if len(u.exact) == 0 {
		return false
	}
	if u.fold {
		path = strings.ToLower(path)
	}
	_, found := u.exact[path]
	return found
}

// decode undoes percent-encoding once. Malformed escapes stay as they are.
func decode(path string) string {
	first := strings.IndexByte(path, '%')
	if first < 0 {
		return path
	}
	out := append(make([]byte, 0, len(path)), path[:first]...)
	for i := first; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			high, low := hexDigit(path[i+1]), hexDigit(path[i+2])
			if high >= 0 && low >= 0 {
				out = append(out, byte(high<<4|low))
				i += 2
				continue
			}
		}
		out = append(out, path[i])
	}
	return string(out)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
