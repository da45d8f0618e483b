package body

import (
	"errors"
	"strings"
)

// ParseMultipart reads a multipart/form-data body (RFC 7578) by the boundary of its content type. Of its parts those with
// a name and without a file name are fields. A body without its last boundary is an error.
func ParseMultipart(text, contentType string) (Fields, error) {
	_, parameters, _ := strings.Cut(contentType, ";")
	boundary, _ := parameter(parameters, "boundary")
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
	field            bool
	name             string
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
		p.name, p.field = fieldName(m.text[after:p.body])
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

func fieldName(head string) (name string, ok bool) {
	for line := range strings.SplitSeq(head, "\n") {
		header, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(header), "content-disposition") {
			continue
		}
		disposition, parameters, _ := strings.Cut(value, ";")
		if !strings.EqualFold(strings.TrimSpace(disposition), "form-data") {
			return "", false
		}
		name, _ := parameter(parameters, "name")
		file, _ := parameter(parameters, "filename")
		_, encoded := parameter(parameters, "filename*")
		return name, name != "" && file == "" && !encoded
	}
	return "", false
}

// parameter reads one of the parameters of a header field (RFC 9110, section 5.6.6).
func parameter(text, name string) (value string, ok bool) {
	for text = strings.TrimLeft(text, "; \t\r\n"); text != ""; text = strings.TrimLeft(text, "; \t\r\n") {
		var key string
		end := strings.IndexAny(text, "=;")
		if end < 0 || text[end] == ';' {
			_, text, _ = strings.Cut(text, ";")
			continue
		}
		key, text = strings.TrimSpace(text[:end]), strings.TrimLeft(text[end+1:], " \t")
		value, text = parameterValue(text)
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	return "", false
}

func parameterValue(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		value, rest, _ = strings.Cut(text, ";")
		return strings.TrimSpace(value), rest
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return out.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		out.WriteByte(text[i])
	}
	return out.String(), ""
}

func (m *multipart) Values(name string) ([]string, error) {
	var values []string
	for i := range m.parts {
		if p := &m.parts[i]; p.field && p.name == name {
			values = append(values, m.text[p.body:p.end])
		}
	}
	return values, nil
}

func (m *multipart) Edit(values map[string][]string) ([]byte, error) {
	for _, list := range values {
		for _, value := range list {
			if strings.Contains(value, m.delimiter) {
				return nil, errors.New("the boundary is part of a new value")
			}
		}
	}
	e := edit{values, map[string]int{}}
	out := make([]byte, 0, len(m.text)+len(m.text)/8)
	read := 0
	for i := range m.parts {
		p := &m.parts[i]
		if !p.field {
			continue
		}
		value, kept, edited := e.next(p.name)
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
		for _, text := range [...]string{m.delimiter, m.newLine, `Content-Disposition: form-data; name="`, escapeName.Replace(name),
			`"`, m.newLine, m.newLine, value, m.newLine} {
			out = append(out, text...)
		}
	})
	return append(out, m.text[m.end:]...), nil
}

var escapeName = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "%0D", "\n", "%0A")
