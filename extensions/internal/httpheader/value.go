package httpheader

// IsValue tells whether a text can be the value of a header: it has no control characters but tabs (RFC 9110, section 5.5).
func IsValue(text string) bool {
	for i := range len(text) {
		if c := text[i]; isControl(c) && c != '\t' {
			return false
		}
	}
	return true
}

// HasControl tells whether a text has a control character, tabs included (RFC 5234, appendix B.1).
func HasControl(text string) bool {
	for i := range len(text) {
		if isControl(text[i]) {
			return true
		}
	}
	return false
}

func isControl(c byte) bool { return c < ' ' || c == 0x7f }
