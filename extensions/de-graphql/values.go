package main

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// pathPattern are the segments of a path; those in braces have names. nil is no pattern.
type pathPattern []string

func parsePattern(text string) (pathPattern, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(text, "/") {
		return nil, errors.New("must begin with /")
	}
	pattern := pathPattern(strings.Split(text[1:], "/"))
	for i, segment := range pattern {
		name, open := strings.CutPrefix(segment, "{")
		name, closed := strings.CutSuffix(name, "}")
		if open != closed || open && name == "" || open && slices.Contains(pattern[:i], segment) {
			return nil, errors.New("each {name} must be a whole segment, and be there once")
		}
	}
	return pattern, nil
}

func (p pathPattern) has(name string) bool { return slices.Contains(p, "{"+name+"}") }

// values are those of the named segments, decoded; nil if the path does not fit.
func (p pathPattern) values(path string) map[string]string {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if p == nil || len(segments) != len(p) {
		return nil
	}
	values := map[string]string{}
	for i, segment := range p {
		if name, named := strings.CutPrefix(segment, "{"); named {
			value, err := url.PathUnescape(segments[i])
			if err != nil {
				return nil
			}
			values[strings.TrimSuffix(name, "}")] = value
			continue
		}
		if segment != segments[i] {
			return nil
		}
	}
	return values
}

// errInvalid says that a value is none of its variable's type.
var errInvalid = errors.New("invalid value")

// body is that of the call for a request.
func (c *Config) body(path string, data []byte) (string, error) {
	bare, _, _ := strings.Cut(path, "?")
	segments, params := c.pattern.values(bare), query.Params(path)
	var members []string
	for i := range c.variables {
		v := &c.variables[i]
		written, err := v.json(params, segments, data)
		if err != nil {
			return "", err
		}
		if written != "" {
			members = append(members, jsonString(v.name)+":"+written)
		}
	}
	if members == nil {
		return c.head + "}", nil
	}
	return c.head + `,"variables":{` + strings.Join(members, ",") + "}}", nil
}

// json is the variable's value as JSON; "" if the request has none.
func (v *variable) json(params []query.Param, segments map[string]string, data []byte) (string, error) {
	switch v.source {
	case sourceBody:
		return v.fromJSON(v.inBody(data))
	case sourcePath:
		if value, ok := segments[v.key]; ok {
			return v.fromTexts([]string{value})
		}
		return "", nil
	}
	var texts []string
	for _, p := range params {
		if p.Name == v.key {
			texts = append(texts, p.Value)
		}
	}
	return v.fromTexts(texts)
}

// inBody is the variable's value in a body. Of a repeated member the last one counts.
func (v *variable) inBody(data []byte) gjson.Result {
	raw, ok := v.query.In(body.View(data))
	if !ok {
		return gjson.Result{}
	}
	return gjson.Parse(raw)
}

// fromTexts writes a list, or one value: several are joined with commas.
func (v *variable) fromTexts(texts []string) (string, error) {
	if texts == nil {
		return "", nil
	}
	if !v.list {
		return v.kind.fromText(strings.Join(texts, ","))
	}
	items := make([]string, len(texts))
	for i, text := range texts {
		var err error
		if items[i], err = v.kind.fromText(text); err != nil {
			return "", err
		}
	}
	return "[" + strings.Join(items, ",") + "]", nil
}

func (k kind) fromText(text string) (string, error) {
	switch k {
	case kindString:
		return jsonString(text), nil
	case kindBoolean:
		if text == "true" || text == "false" {
			return text, nil
		}
	case kindJSON:
		if body.Valid(text) {
			return strings.TrimSpace(text), nil
		}
	default:
		if isNumber(text, k == kindInt) {
			return text, nil
		}
	}
	return "", errInvalid
}

// fromJSON takes a member of the body as it is, if it is of the variable's type. null is a value of every type.
func (v *variable) fromJSON(value gjson.Result) (string, error) {
	if !value.Exists() {
		return "", nil
	}
	if value.Type == gjson.Null || v.kind == kindJSON {
		return value.Raw, nil
	}
	items := []gjson.Result{value}
	if v.list {
		if !value.IsArray() {
			return "", errInvalid
		}
		items = value.Array()
	}
	for _, item := range items {
		if !v.kind.is(item) {
			return "", errInvalid
		}
	}
	return value.Raw, nil
}

func (k kind) is(value gjson.Result) bool {
	switch k {
	case kindString:
		return value.Type == gjson.String
	case kindBoolean:
		return value.IsBool()
	}
	return value.Type == gjson.Number && isNumber(value.Raw, k == kindInt)
}

// isNumber tells whether text is a JSON number (RFC 8259, section 6), for integers one without fraction and exponent.
func isNumber(text string, integer bool) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || !gjson.Valid(text) || strings.ContainsAny(text, blanks) {
		return false
	}
	return !integer || !strings.ContainsAny(text, ".eE")
}

// jsonString is text as a JSON string (RFC 8259, section 7). What need not be escaped stays readable.
func jsonString(text string) string {
	const hex = "0123456789abcdef"
	out := []byte{'"'}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, '\\', 'n')
		case r == '\r':
			out = append(out, '\\', 'r')
		case r == '\t':
			out = append(out, '\\', 't')
		case r < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
		i += size
	}
	return string(append(out, '"'))
}
