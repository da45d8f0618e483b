package main

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// value is a text to write: a constant, one made from the host or path by a pattern, or a template.
type value struct {
	text      string
	pattern   *regexp.Regexp
	onHost    bool // the pattern is for the host, else for the path
	template  *template.Text
	readsBody bool
}

func (v *value) constant() bool { return v.pattern == nil && v.template == nil }

// parseValue reads a value and its pattern, of which that of the host goes first.
func (p *ruleParser) parseValue(object gjson.Result, name string, i *item) (value, error) {
	v := value{text: object.Get(name).String()}
	for _, pattern := range [...]string{"host_pattern", "path_pattern"} {
		expression := object.Get(pattern).String()
		if expression == "" {
			continue
		}
		compiled, err := regexp.Compile(expression)
		if err != nil {
			return v, errors.New(pattern + ": " + err.Error())
		}
		v.pattern, v.onHost = compiled, pattern == "host_pattern"
		return v, nil
	}
	if !p.templates || !strings.Contains(v.text, "${") {
		return v, nil
	}
	place := template.Plain
	if i.kind == kindObject {
		place = template.JSON
	}
	text, readsBody, err := parseTemplate(v.text, place, p.direction.name)
	if err != nil {
		return v, errors.New(name + ": " + err.Error())
	}
	v.template, v.readsBody = &text, readsBody
	return v, nil
}

// render makes the text. substitute is false where a pattern does not count.
func (v *value) render(e *exchange, substitute bool) string {
	switch {
	case v.template != nil:
		return v.template.Render(e.variable)
	case v.pattern == nil || !substitute:
		return v.text
	}
	subject := e.path
	if v.onHost {
		subject = e.host
	}
	if !v.pattern.MatchString(subject) {
		if wrapper.LogEnabled(wrapper.LogLevelDebug) {
			log.Debug("pattern \"" + v.pattern.String() + "\" does not match, the value is used as it is")
		}
		return v.text
	}
	return v.pattern.ReplaceAllString(subject, v.text)
}

// What a text becomes in JSON.
const (
	kindString  = "string"
	kindNumber  = "number"
	kindBoolean = "boolean"
	kindObject  = "object"
)

// convert is text as JSON of a kind.
func convert(text, kind string) (string, error) {
	switch kind {
	case kindNumber:
		return convertNumber(text)
	case kindBoolean:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return "", errors.New("the value is no boolean")
		}
		return strconv.FormatBool(b), nil
	case kindObject:
		if !body.Valid(text) {
			return "", errors.New("the value is no JSON")
		}
		return strings.TrimSpace(text), nil
	}
	return body.Quote(text), nil
}

// convertNumber keeps the digits of JSON numbers; other forms, such as ".5" or "0x10p0", become decimals.
func convertNumber(text string) (string, error) {
	if gjson.Parse(text).Type == gjson.Number && gjson.Parse(text).Raw == text && gjson.Valid(text) {
		return text, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
		return "", errors.New("the value is no number")
	}
	return strconv.FormatFloat(number, 'f', -1, 64), nil
}

// constantProblem says why a constant can never be written; "" if it can, or is none.
func (i *item) constantProblem() string {
	if i.op != opReplace && i.op != opAdd && i.op != opAppend || !i.value.constant() {
		return ""
	}
	if _, err := convert(i.value.text, i.kind); err != nil {
		return err.Error()
	}
	return ""
}
