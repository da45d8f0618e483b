package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

// Steps that are no nodes.
const (
	startStep   = -1
	requestStep = -2
	noStep      = -3
)

// reference leads to a value in what a step has brought: `<step>||<path>`.
type reference struct {
	text  string // as configured
	valid bool   // there is a "||"
	step  int    // index of a node, or one of the constants
	name  string // of the step
	path  string
	query body.Query
}

const wholeBody = "@all"

// reference reads a text; one that leads nowhere gives a warning, and fails when it is followed.
func (l *loader) reference(place, s string) reference {
	r := reference{text: s, step: noStep}
	if r.name, r.path, r.valid = strings.Cut(s, "||"); !r.valid {
		l.warn(place + `: has no "||": ` + s)
		return r
	}
	r.query = body.ParseQuery(r.path)
	if i, ok := l.index[r.name]; ok {
		r.step = i
	} else if r.name == startName {
		r.step = startStep
	} else if r.name == requestName {
		r.step = requestStep
		l.config.describeRequest = true
	} else {
		l.warn(place + ": there is no node " + r.name)
	}
	return r
}

// Errors of following a reference.
var (
	errNoBars    = errors.New("|| is not exists")
	errNoStep    = errors.New("context value is not []byte")
	errNotExists = errors.New("not exists")
)

// value follows a reference. It returns JSON, or with @all the whole, which may be any text.
func (r *run) value(from *reference) (string, error) {
	if !from.valid {
		return "", errNoBars
	}
	s := r.step(from.step)
	if s == nil || !s.known {
		return "", errNoStep
	}
	if from.path == wholeBody {
		return s.text, nil
	}
	if !s.isJSON() {
		return "", errNotExists
	}
	raw, ok := from.query.In(s.text)
	if !ok {
		return "", errNotExists
	}
	return raw, nil
}

// text is the value as a text. What a request does not have is empty.
func (r *run) text(from *reference) (string, error) {
	raw, err := r.value(from)
	if err == errNotExists && from.step == requestStep {
		return "", nil
	}
	return body.Text(raw), err
}

// step is what a step has brought.
type step struct {
	text   string
	known  bool
	parsed bool
	json   bool // meaningful once parsed
}

// isJSON tells whether the text is JSON. It is looked at once.
func (s *step) isJSON() bool {
	if !s.parsed {
		s.parsed, s.json = true, body.Valid(s.text)
	}
	return s.json
}

// text is a text in which values stand.
type text []piece

// piece is some text and the value that follows it.
type piece struct {
	before string
	value  *reference // nil at the end
}

func literal(s string) text { return text{{before: s}} }

// template reads a text with `{{<step>||<path>}}` in it.
func (l *loader) template(s string) (text, error) {
	var t text
	for {
		before, rest, found := strings.Cut(s, "{{")
		if !found {
			return append(t, piece{before: s}), nil
		}
		inside, rest, closed := strings.Cut(rest, "}}")
		if !closed {
			return nil, errors.New("{{ has no }}")
		}
		from := l.reference("template", inside)
		if !from.valid || from.step == noStep {
			return nil, errors.New("{{" + inside + "}} must be a step, || and a path")
		}
		t = append(t, piece{before, &from})
		s = rest
	}
}

// render fills in the values, each as a text that escape has made fit.
func (r *run) render(t text, escape func(before, value string) (string, error)) (string, error) {
	if len(t) == 1 {
		return t[0].before, nil
	}
	var out strings.Builder
	for i := range t {
		out.WriteString(t[i].before)
		if t[i].value == nil {
			continue
		}
		plain, err := r.text(t[i].value)
		if err != nil {
			return "", describe(t[i].value, err)
		}
		value, err := escape(out.String(), plain)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

// describe words the error of a reference in the body of a call, in a template or in a change of the request.
func describe(from *reference, err error) error {
	switch err {
	case errNoBars:
		return errors.New("tmpl parse find error: || is not exists " + from.text)
	case errNoStep:
		return errors.New("context value is not []byte,key is " + from.name)
	}
	return errors.New("wrapper body parse failed: not exists " + from.path)
}
