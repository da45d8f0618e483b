package expr

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// function is a named operation. Its arguments are never Unknown.
type function struct {
	min, max int // number of arguments; max below 0 means any
	call     func(args []any) (any, error)
}

func (f *function) arity() string {
	switch {
	case f.max < 0:
		return fmt.Sprintf("at least %d arguments", f.min)
	case f.min == f.max && f.min == 1:
		return "1 argument"
	case f.min == f.max:
		return fmt.Sprintf("%d arguments", f.min)
	}
	return fmt.Sprintf("%d to %d arguments", f.min, f.max)
}

// functions by name; filled here and by the other files.
var functions map[string]*function

func init() {
	functions = map[string]*function{}
	for _, group := range []map[string]*function{timeFunctions, textFunctions, encodingFunctions, digestFunctions, keyFunctions} {
		for name, f := range group {
			functions[name] = f
		}
	}
}

// ofText makes a function of one text.
func ofText(f func(string) (string, error)) *function {
	return &function{1, 1, func(args []any) (any, error) {
		text, err := Text(args[0])
		if err != nil {
			return nil, err
		}
		return f(text)
	}}
}

// always adapts a function that does not fail.
func always(f func(string) string) func(string) (string, error) {
	return func(s string) (string, error) { return f(s), nil }
}

func textsOf(args []any) ([]string, error) {
	texts := make([]string, len(args))
	for i, arg := range args {
		var err error
		if texts[i], err = Text(arg); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// ofTexts makes a function of n texts.
func ofTexts(n int, f func(args []string) (any, error)) *function {
	return &function{n, n, func(args []any) (any, error) {
		texts, err := textsOf(args)
		if err != nil {
			return nil, err
		}
		return f(texts)
	}}
}

// ofTime makes a function of a time, or of seconds since 1970.
func ofTime(f func(time.Time) any) *function {
	return &function{1, 1, func(args []any) (any, error) {
		t, err := timeOf(args[0])
		if err != nil {
			return nil, err
		}
		return f(t), nil
	}}
}

func timeOf(v any) (time.Time, error) {
	switch t := v.(type) {
	case time.Time:
		return t.UTC(), nil
	case int64:
		return time.Unix(t, 0).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("needs a time, not %s", typeName(v))
}

// httpDate is the IMF-fixdate of RFC 9110 section 5.6.7.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

var timeFunctions = map[string]*function{
	"unix":      ofTime(func(t time.Time) any { return t.Unix() }),
	"unixMilli": ofTime(func(t time.Time) any { return t.UnixMilli() }),
	"httpDate":  ofTime(func(t time.Time) any { return t.Format(httpDate) }),
	"iso":       ofTime(func(t time.Time) any { return t.Format(time.RFC3339) }),
	"format": {2, 2, func(args []any) (any, error) {
		t, err := timeOf(args[0])
		if err != nil {
			return nil, err
		}
		layout, err := Text(args[1])
		return t.Format(layout), err
	}},
}

var textFunctions = map[string]*function{
	"lower":  ofText(always(strings.ToLower)),
	"upper":  ofText(always(strings.ToUpper)),
	"regexp": ofText(always(regexp.QuoteMeta)),
	"url":    ofText(always(escapeAll)),
	"unurl":  ofText(url.PathUnescape),
	"length": {1, 1, func(args []any) (any, error) {
		text, err := Text(args[0])
		return int64(len(text)), err
	}},
	"int": {1, 1, func(args []any) (any, error) {
		text, err := Text(args[0])
		if err != nil {
			return nil, err
		}
		return strconv.ParseInt(text, 10, 64)
	}},
	"replace": ofTexts(3, func(s []string) (any, error) { return strings.ReplaceAll(s[0], s[1], s[2]), nil }),
	"repeat": {2, 2, func(args []any) (any, error) {
		text, err := Text(args[0])
		n, ok := args[1].(int64)
		if err != nil || !ok || n < 0 || n*int64(len(text)) > 64<<20 {
			return nil, fmt.Errorf("needs a text and how often, up to 64 MiB")
		}
		return strings.Repeat(text, int(n)), nil
	}},
	"slice": {2, 3, slice},
	"alter": {2, 2, alter},
	"part": {3, 3, func(args []any) (any, error) {
		texts, err := textsOf(args[:2])
		index, ok := args[2].(int64)
		if err != nil || !ok {
			return nil, fmt.Errorf("needs a text, a separator and an index")
		}
		parts := strings.Split(texts[0], texts[1])
		if index < 0 || index >= int64(len(parts)) {
			return nil, fmt.Errorf("%d parts have no index %d", len(parts), index)
		}
		return parts[index], nil
	}},
}

// escapeAll percent-encodes everything but the unreserved characters (RFC 3986 section 2.3).
func escapeAll(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// slice cuts bytes out of a text; negative positions count from its end.
func slice(args []any) (any, error) {
	text, err := Text(args[0])
	if err != nil {
		return nil, err
	}
	bounds := [2]int64{0, int64(len(text))}
	for i, arg := range args[1:] {
		n, ok := arg.(int64)
		if !ok {
			return nil, fmt.Errorf("needs integers as positions")
		}
		if n < 0 {
			n += int64(len(text))
		}
		bounds[i] = min(max(n, 0), int64(len(text)))
	}
	if bounds[0] > bounds[1] {
		return "", nil
	}
	return text[bounds[0]:bounds[1]], nil
}

// alter puts another letter into a text, at a position of which a negative one counts from the end. In base64 the letter
// differs in its first bits, which count even at the end of a text.
func alter(args []any) (any, error) {
	text, err := Text(args[0])
	n, ok := args[1].(int64)
	if n < 0 {
		n += int64(len(text))
	}
	if err != nil || !ok || n < 0 || n >= int64(len(text)) {
		return nil, fmt.Errorf("needs a text and a position in it")
	}
	letter := "A"
	if 'A' <= text[n] && text[n] <= 'P' {
		letter = "w"
	}
	return text[:n] + letter + text[n+1:], nil
}
