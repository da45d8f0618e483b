package body

import (
	"errors"
	"strings"
)

// Head is what the head of a part of a multipart/form-data body (RFC 7578) says.
type Head struct {
	Name  string // "" if the part has none
	Field bool   // the part is a field of that name; parts with a file name, and nameless ones, are not
	// Doubt tells that backends read the part in different ways, so whether it is a field, or what its value is, cannot be
	// said. Without a Name it may then be a field of any name.
	Doubt bool
}

// May tells whether the part may be a field of a name, for some backend.
func (h Head) May(name string) bool {
	return h.Name == name && (h.Field || h.Doubt) || h.Doubt && h.Name == ""
}

// ErrDoubt says that the head of a part can be read in more than one way.
var ErrDoubt = errors.New("the head of a part can be read in more than one way")

// ReadHead reads a part's head, up to and maybe with the blank line that ends it; newLine is how its lines end. Folded
// lines are unfolded. In doubt are heads
//   - in which lines end in another way, have no name, or control characters; in which Content-Disposition comes twice;
//   - whose parameters are malformed or repeated, or whose name is in the form name* (RFC 8187) or has odd backslashes;
//   - whose name comes without form-data, with an empty file name, or with one in the form filename* alone;
//   - whose value is in a transfer encoding, such as quoted-printable, or in a charset such as UTF-16.
func ReadHead(head, newLine string) Head {
	for newLine != "" && strings.HasSuffix(head, newLine) {
		head = strings.TrimSuffix(head, newLine)
	}
	if head == "" {
		return Head{}
	}
	lines, ok := unfold(head, newLine)
	if !ok {
		return Head{Doubt: true}
	}
	var h Head
	disposed, coded := false, false
	for _, line := range lines {
		name, value, found := strings.Cut(line, ":")
		if !found || !isToken(name) {
			return Head{Doubt: true}
		}
		value = strings.Trim(value, " \t")
		switch strings.ToLower(name) {
		case "content-disposition":
			if disposed {
				return Head{Doubt: true}
			}
			disposed = true
			h = readDisposition(value)
		case "content-transfer-encoding":
			coded = coded || !isIdentity(value)
		case "content-type":
			coded = coded || !keepsASCII(charset(value))
		}
	}
	h.Doubt = h.Doubt || coded && h.Field
	return h
}

// unfold joins lines that continue others; ok is false if that cannot be done in one way only.
func unfold(head, newLine string) (lines []string, ok bool) {
	for line := range strings.SplitSeq(head, newLine) {
		for i := range len(line) {
			if line[i] < ' ' && line[i] != '\t' || line[i] == 0x7f {
				return nil, false
			}
		}
		if line == "" || line[0] != ' ' && line[0] != '\t' {
			lines = append(lines, line)
			continue
		}
		if len(lines) == 0 {
			return nil, false
		}
		lines[len(lines)-1] = strings.TrimRight(lines[len(lines)-1], " \t") + " " + strings.TrimLeft(line, " \t")
	}
	return lines, true
}

func readDisposition(value string) Head {
	disposition, text, _ := strings.Cut(value, ";")
	list, ok := readParameters(text)
	name, _ := list.find("name")
	if !ok || name.escapes || list.extended("name") {
		return Head{Doubt: true}
	}
	if name.value == "" {
		return Head{}
	}
	file, named := list.find("filename")
	h := Head{Name: name.value, Field: file.value == ""}
	h.Doubt = named && file.value == "" || !strings.EqualFold(strings.TrimRight(disposition, " \t"), "form-data")
	if list.extended("filename") {
		star, _ := list.find("filename*")
		h.Doubt = h.Doubt || file.value == "" || !isExtended(star.value)
	}
	return h
}

// isExtended tells whether a value in the form charset'language'text has a text.
func isExtended(value string) bool {
	parts := strings.SplitN(value, "'", 3)
	return len(parts) == 3 && parts[2] != ""
}

// isIdentity tells whether a Content-Transfer-Encoding (RFC 2045, section 6) leaves the bytes as they are.
func isIdentity(encoding string) bool {
	switch strings.ToLower(encoding) {
	case "", "7bit", "8bit", "binary":
		return true
	}
	return false
}
