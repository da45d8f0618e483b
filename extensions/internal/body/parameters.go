package body

import "strings"

// parameters are those of a header field (RFC 9110, section 5.6.6), with lower-case names.
type parameters []parameter

type parameter struct {
	name, value string
	escapes     bool // it has a backslash that some readers drop and others keep
}

// readParameters reads what follows the first semicolon of a field. ok is false where readers see different things: a name
// that comes twice, blanks around the equals sign, an open quotation mark, text between two parameters, a quotation mark
// behind a backslash that may hide a semicolon.
func readParameters(text string) (list parameters, ok bool) {
	for {
		if text = strings.TrimLeft(text, " \t"); text == "" {
			return list, true
		}
		if text[0] == ';' {
			text = text[1:]
			continue
		}
		name, rest, found := strings.Cut(text, "=")
		if !found || !isToken(name) || rest == "" {
			return nil, false
		}
		p := parameter{name: strings.ToLower(name)}
		if rest[0] == '"' {
			text, ok = p.readQuoted(rest[1:])
		} else {
			text, ok = p.readPlain(rest)
		}
		if text = strings.TrimLeft(text, " \t"); !ok || text != "" && text[0] != ';' {
			return nil, false
		}
		if _, twice := list.find(p.name); twice {
			return nil, false
		}
		list = append(list, p)
	}
}

// readPlain takes more than a token: boundaries such as ----=_Part are common.
func (p *parameter) readPlain(text string) (rest string, ok bool) {
	end := strings.IndexAny(text, "; \t")
	if end < 0 {
		end = len(text)
	}
	p.value = text[:end]
	return text[end:], p.value != "" && !strings.ContainsAny(p.value, "\"\\,") && p.value[0] != '\''
}

func (p *parameter) readQuoted(text string) (rest string, ok bool) {
	var out strings.Builder
	quote := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			p.value = out.String()
			return text[i+1:], !quote || strings.IndexByte(p.value, ';') < 0
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			quote = quote || text[i] == '"'
		case text[i] == '\\':
			p.escapes = true
		}
		out.WriteByte(text[i])
	}
	return "", false
}

func (list parameters) find(name string) (p parameter, ok bool) {
	for i := range list {
		if list[i].name == name {
			return list[i], true
		}
	}
	return parameter{}, false
}

// extended tells whether there is a value in another charset, or in pieces (RFC 2231, RFC 8187): name*, name*0, name*0*.
func (list parameters) extended(name string) bool {
	for i := range list {
		if rest, ok := strings.CutPrefix(list[i].name, name); ok && strings.HasPrefix(rest, "*") {
			return true
		}
	}
	return false
}

func isToken(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return text != ""
}

// Boundary is the boundary of a multipart content type. It is "" if there is none, and if readers may find different ones:
// boundary* beside or instead of boundary, two of them, anything malformed.
func Boundary(contentType string) string {
	_, text, _ := strings.Cut(contentType, ";")
	list, ok := readParameters(text)
	boundary, _ := list.find("boundary")
	if !ok || boundary.escapes || list.extended("boundary") {
		return ""
	}
	return boundary.value
}
