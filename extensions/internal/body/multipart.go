package body

import (
	"errors"
	"strings"
)

// ParseMultipart reads a multipart/form-data body (RFC 7578) by the boundary of its content type. Of its parts those with
// a name and without a file name are fields. A body without its last boundary is an error, and so is ErrDoubt, if a part
// may be a field of any name; where it may be one of a certain name, Values and Edit return ErrDoubt for that name.
func ParseMultipart(text, contentType string) (Fields, error) {
	boundary := Boundary(contentType)
	if boundary == "" {
		return nil, errors.New("content type has no boundary")
	}
	m := &multipart{text: text, delimiter: "--" + boundary}
	return m, m.parse()
}

type multipart struct {
	text, delimiter string
	newLine         string // as the first boundary line ends
	parts           []formPart
	end             int // where the last boundary begins
}

// formPart is a part: its boundary line begins at start, its body reaches from body to end.
type formPart struct {
	start, body, end int
	head             Head
}

var errIncomplete = errors.New("multipart body is incomplete")

func (m *multipart) parse() error {
	at, after, last, ok := m.boundary(0)
	for ok && !last {
		if len(m.parts) == maxFields {
			return errTooManyFields
		}
		p := formPart{start: at}
		if p.body = m.endOfHead(after); p.body < 0 {
			return errIncomplete
		}
		if p.head = ReadHead(m.text[after:p.body], m.newLine); p.head.Doubt && p.head.Name == "" {
			return ErrDoubt
		}
		at, after, last, ok = m.boundary(p.body - len(m.newLine))
		p.end = max(p.body, at-len(m.newLine))
		m.parts = append(m.parts, p)
	}
	if !ok {
		return errIncomplete
	}
	m.end = at
	if m.newLine == "" { // no part has shown it
		m.newLine = "\r\n"
	}
	return nil
}

// boundary finds the next boundary line from a position on: where it begins, where what follows begins, and whether it is
// the last one.
func (m *multipart) boundary(from int) (at, after int, last, ok bool) {
	for at = from; ; at += len(m.delimiter) {
		found := strings.Index(m.text[at:], m.delimiter)
		if found < 0 {
			return 0, 0, false, false
		}
		at += found
		if at > 0 && !strings.HasSuffix(m.text[:at], m.newLine) || at > 0 && m.text[at-1] != '\n' {
			continue
		}
		after = at + len(m.delimiter)
		if strings.HasPrefix(m.text[after:], "--") {
			return at, after + 2, true, true
		}
		for after < len(m.text) && (m.text[after] == ' ' || m.text[after] == '\t') {
			after++
		}
		for _, newLine := range [...]string{"\r\n", "\n"} {
			if m.newLine == "" && strings.HasPrefix(m.text[after:], newLine) {
				m.newLine = newLine
			}
		}
		if m.newLine != "" && strings.HasPrefix(m.text[after:], m.newLine) {
			return at, after + len(m.newLine), false, true
		}
	}
}

// endOfHead is where a part's body begins; -1 if nowhere.
func (m *multipart) endOfHead(at int) int {
	if strings.HasPrefix(m.text[at:], m.newLine) {
		return at + len(m.newLine)
	}
	end := strings.Index(m.text[at:], m.newLine+m.newLine)
	if end < 0 {
		return -1
	}
	return at + end + 2*len(m.newLine)
}

func (m *multipart) Values(name string) ([]string, error) {
	var values []string
	for i := range m.parts {
		p := &m.parts[i]
		switch {
		case !p.head.May(name):
		case p.head.Doubt:
			return nil, ErrDoubt
		default:
			values = append(values, m.text[p.body:p.end])
		}
	}
	return values, nil
}

func (m *multipart) Edit(values map[string][]string) ([]byte, error) {
	if err := m.canTake(values); err != nil {
		return nil, err
	}
	e := edit{values, map[string]int{}}
	out := make([]byte, 0, len(m.text)+len(m.text)/8)
	read := 0
	for i := range m.parts {
		p := &m.parts[i]
		if !p.head.Field || p.head.Doubt {
			continue
		}
		value, kept, edited := e.next(p.head.Name)
		next := m.end
		if i+1 < len(m.parts) {
			next = m.parts[i+1].start
		}
		switch {
		case !edited || kept && m.text[p.body:p.end] == value:
		case kept:
			out = append(append(append(out, m.text[read:p.body]...), value...), m.newLine...)
			read = next
		default:
			out = append(out, m.text[read:p.start]...)
			read = next
		}
	}
	out = append(out, m.text[read:m.end]...)
	e.rest(func(name, value string) {
		for _, text := range [...]string{m.delimiter, m.newLine, headOf(name), m.newLine, m.newLine, value, m.newLine} {
			out = append(out, text...)
		}
	})
	return append(out, m.text[m.end:]...), nil
}

// canTake tells whether new values can stand in the body, so that all backends read them.
func (m *multipart) canTake(values map[string][]string) error {
	for i := range m.parts {
		head := &m.parts[i].head
		if _, edited := values[head.Name]; edited && head.Doubt {
			return ErrDoubt
		}
	}
	for name, list := range values {
		for _, value := range list {
			if strings.Contains(value, m.delimiter) {
				return errors.New("the boundary is part of a new value")
			}
		}
		if len(list) > 0 && ReadHead(headOf(name), m.newLine).Doubt {
			return errors.New("the name of a new field cannot be written")
		}
	}
	return nil
}

func headOf(name string) string {
	return `Content-Disposition: form-data; name="` + escapeName.Replace(name) + `"`
}

var escapeName = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A")
