package model

import (
	"bytes"
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

const (
	maxHead  = 64 << 10 // bytes of a part's head
	maxValue = 64 << 10 // bytes of the field's value
	maxBlank = 1 << 10  // bytes after the boundary in its line
)

var (
	errHead  = errors.New("head of a part is over 64 KiB")
	errValue = errors.New("the model's name is over 64 KiB")
	errBlank = errors.New("a boundary line is over 1 KiB")
)

// scanner finds the values of one form field in a multipart body that comes in pieces. It reads as body.ParseMultipart
// does. Not safe for concurrent use.
type scanner struct {
	delimiter []byte // the boundary with its two hyphens
	field     string
	newLine   []byte // as the first boundary line ends
	state     state
	started   bool // bytes before the first boundary have been read
	wanted    bool // the part at hand is such a field
}

type state uint8

const (
	preamble state = iota
	head
	content // begins with the line break that ends the head, for it may belong to the next boundary line
	epilogue
)

// value is where, in the data at hand, a value is, and where the boundary line after it begins.
type value struct{ start, end, boundary int }

// next reads the beginning of data. n bytes of it are dealt with; more tells that there may be more to read in the rest
// without more data. found has the value that has been read, among those n bytes.
func (s *scanner) next(data []byte) (n int, found *value, more bool, err error) {
	switch s.state {
	case head:
		return s.readHead(data)
	case epilogue:
		return len(data), nil, false, nil
	}
	line, keep, err := s.boundary(data)
	if err != nil {
		return 0, nil, false, err
	}
	if line == nil {
		if s.state == content && s.wanted {
			if len(data) > maxValue {
				return 0, nil, false, errValue
			}
			return 0, nil, false, nil
		}
		s.started = s.started || keep > 0
		return keep, nil, false, nil
	}
	if s.state == content && s.wanted {
		start := len(s.newLine)
		found = &value{start, max(start, line.start-len(s.newLine)), line.start}
	}
	s.state = head
	if line.last {
		s.state = epilogue
	}
	return line.end, found, true, nil
}

func (s *scanner) readHead(data []byte) (n int, found *value, more bool, err error) {
	end := 0
	if !bytes.HasPrefix(data, s.newLine) {
		if end = bytes.Index(data, append(s.newLine[:len(s.newLine):len(s.newLine)], s.newLine...)); end < 0 {
			if len(data) > maxHead {
				return 0, nil, false, errHead
			}
			return 0, nil, false, nil
		}
		end += len(s.newLine)
	}
	h := body.ReadHead(string(data[:end]), string(s.newLine))
	s.wanted = h.May(s.field)
	if s.wanted && h.Doubt {
		return 0, nil, false, body.ErrDoubt
	}
	s.state = content
	return end, nil, true, nil
}

type boundaryLine struct {
	start, end int
	last       bool
}

// boundary finds the next boundary line. Where there is none, keep is from where on the data may be the beginning of one.
func (s *scanner) boundary(data []byte) (line *boundaryLine, keep int, err error) {
	for from := 0; ; {
		at := bytes.Index(data[from:], s.delimiter)
		if at < 0 {
			return nil, max(0, len(data)-len(s.delimiter)-len("\r\n")), nil
		}
		at += from
		from = at + len(s.delimiter)
		if !s.beginsLine(data, at) {
			continue
		}
		end, last, complete := s.endOfLine(data[from:])
		if !complete {
			if len(data)-from > maxBlank {
				return nil, 0, errBlank
			}
			return nil, max(0, at-len("\r\n")), nil
		}
		if end >= 0 {
			return &boundaryLine{at, from + end, last}, 0, nil
		}
	}
}

func (s *scanner) beginsLine(data []byte, at int) bool {
	if at == 0 {
		return s.state == preamble && !s.started
	}
	return data[at-1] == '\n' && bytes.HasSuffix(data[:at], s.newLine)
}

// endOfLine reads what follows a boundary; end is negative if that is no boundary line, complete is false if more data must
// tell.
func (s *scanner) endOfLine(rest []byte) (end int, last, complete bool) {
	if bytes.HasPrefix(rest, []byte("--")) {
		return 2, true, true
	}
	if len(rest) == 0 || len(rest) == 1 && rest[0] == '-' {
		return 0, false, false
	}
	blanks := 0
	for blanks < len(rest) && (rest[blanks] == ' ' || rest[blanks] == '\t') {
		blanks++
	}
	rest = rest[blanks:]
	if len(rest) == 0 || len(rest) == 1 && rest[0] == '\r' {
		return 0, false, false
	}
	if len(s.newLine) == 0 {
		switch {
		case bytes.HasPrefix(rest, []byte("\r\n")):
			s.newLine = []byte("\r\n")
		case rest[0] == '\n':
			s.newLine = []byte("\n")
		}
	}
	if len(s.newLine) > 0 && bytes.HasPrefix(rest, s.newLine) {
		return blanks + len(s.newLine), false, true
	}
	return -1, false, true
}
