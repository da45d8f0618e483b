package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// The types of this file never fail to unmarshal: they keep what is wrong for the check, which knows where they are.

// Duration is a duration such as 1.5s.
type Duration struct {
	time.Duration
	problem string
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	err := json.Unmarshal(data, &text)
	if err == nil {
		d.Duration, err = time.ParseDuration(text)
	}
	if err != nil || d.Duration < 0 {
		d.problem = fmt.Sprintf("must be a duration such as 500ms or 2s, not %s", data)
	}
	return nil
}

// Text is a text, or a pattern where it begins with "~": the rest is a regular expression (RE2) that must match
// somewhere. An unquoted integer is taken as the text of its digits.
type Text struct {
	Value   string
	pattern *regexp.Regexp
	problem string
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(data []byte) error {
	*t = Text{}
	switch c := data[0]; {
	case c == '"':
		if err := json.Unmarshal(data, &t.Value); err != nil {
			t.problem = err.Error()
			return nil
		}
	case (c == '-' || c >= '0' && c <= '9') && !bytes.ContainsAny(data, ".eE"):
		t.Value = string(data)
	default:
		t.problem = fmt.Sprintf("must be a text, not %s: put it in quotes", data)
		return nil
	}
	if expression, ok := strings.CutPrefix(t.Value, "~"); ok {
		var err error
		if t.pattern, err = regexp.Compile(expression); err != nil {
			t.problem = err.Error()
		}
	}
	return nil
}

// String returns the text as written, the "~" of a pattern included.
func (t Text) String() string { return t.Value }

// Matches reports whether s is the text, or what the pattern describes.
func (t Text) Matches(s string) bool {
	if t.pattern != nil {
		return t.pattern.MatchString(s)
	}
	return t.Value == s
}

// Header is one header line, or what the lines of a name must be.
type Header struct {
	Name string // lower case
	// Values are the lines, in order. Exact says that they were given as a list; otherwise there is one, with which all
	// values of the name joined by "," are compared.
	Values []Text
	Exact  bool
}

// Headers are header lines to send, or to expect. In YAML they are an object of names and values, a value being a text
// or a list of texts; or a list of "name: value" lines where the order of different names matters.
type Headers struct {
	List    []Header
	problem string
}

// IsZero reports whether there are none, for omitzero.
func (h Headers) IsZero() bool { return len(h.List) == 0 && h.problem == "" }

// UnmarshalJSON implements json.Unmarshaler.
func (h *Headers) UnmarshalJSON(data []byte) error {
	*h = Headers{}
	switch data[0] {
	case '{':
		h.object(data)
	case '[':
		h.lines(data)
	case 'n':
	default:
		h.problem = "must be an object of names and values, or a list of \"name: value\" lines"
	}
	return nil
}

func (h *Headers) object(data []byte) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.Token() // the brace
	for decoder.More() {
		token, err := decoder.Token()
		name, _ := token.(string)
		var raw json.RawMessage
		if err == nil {
			err = decoder.Decode(&raw)
		}
		if err != nil {
			h.problem = err.Error()
			return
		}
		entry := Header{Name: strings.ToLower(name), Exact: raw[0] == '['}
		if entry.Exact {
			json.Unmarshal(raw, &entry.Values)
		} else {
			entry.Values = make([]Text, 1)
			entry.Values[0].UnmarshalJSON(raw)
		}
		if len(entry.Values) == 0 {
			h.problem = fmt.Sprintf("%s: must not be an empty list; expect its absence with absentHeaders", name)
		}
		h.List = append(h.List, entry)
	}
}

func (h *Headers) lines(data []byte) {
	var lines []string
	if json.Unmarshal(data, &lines) != nil {
		h.problem = "must be a list of \"name: value\" lines"
		return
	}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			h.problem = fmt.Sprintf("line %q has no colon", line)
			return
		}
		quoted, _ := json.Marshal(strings.TrimSpace(value))
		entry := Header{Name: strings.ToLower(strings.TrimSpace(name)), Values: make([]Text, 1)}
		entry.Values[0].UnmarshalJSON(quoted)
		h.List = append(h.List, entry)
	}
}

// Wait says what a chunk is held back for: everything sent before it, or a text.
type Wait struct {
	Everything bool
	Text       string
	problem    string
}

// UnmarshalJSON implements json.Unmarshaler.
func (w *Wait) UnmarshalJSON(data []byte) error {
	*w = Wait{}
	switch {
	case data[0] == '"' && json.Unmarshal(data, &w.Text) == nil && w.Text != "":
	case string(data) == "true":
		w.Everything = true
	case string(data) == "false":
	default:
		w.problem = "must be true, or a text to wait for"
	}
	return nil
}

// active reports whether there is anything to wait for.
func (w *Wait) active() bool { return w != nil && (w.Everything || w.Text != "") }
