package pretty

// scanner reads tokens. It trusts its input: what follows a token is not checked.
type scanner struct {
	src []byte
	at  int
}

func (s *scanner) end() bool { return s.at >= len(s.src) }

// skipBlanks moves to the next byte that is no blank, and returns it; 0 at the end.
func (s *scanner) skipBlanks() byte {
	for ; !s.end(); s.at++ {
		if c := s.src[s.at]; c > ' ' {
			return c
		}
	}
	return 0
}

// text takes a string with its quotes.
func (s *scanner) text() []byte {
	start := s.at
	escaped := false
	for s.at++; !s.end(); s.at++ {
		switch c := s.src[s.at]; {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			s.at++
			return s.src[start:s.at]
		}
	}
	return s.src[start:]
}

// number takes a number, or one of the words such as NaN that some writers put in the place of one.
func (s *scanner) number() []byte {
	start := s.at
	for s.at++; !s.end(); s.at++ {
		switch c := s.src[s.at]; {
		case c <= ' ', c == ',', c == ':', c == ']', c == '}':
			return s.src[start:s.at]
		}
	}
	return s.src[start:]
}

// beginsNumber reports whether number should take what stands here.
func (s *scanner) beginsNumber() bool {
	switch c := s.src[s.at]; c {
	case '-', '+', 'i', 'I', 'N':
		return true
	case 'n':
		return s.at+1 < len(s.src) && s.src[s.at+1] != 'u'
	default:
		return '0' <= c && c <= '9'
	}
}

// word skips one of the literals true, false and null and returns it; "" if none begins here.
func (s *scanner) word() string {
	literal := ""
	switch s.src[s.at] {
	case 't':
		literal = "true"
	case 'f':
		literal = "false"
	case 'n':
		literal = "null"
	}
	s.at += len(literal)
	return literal
}
