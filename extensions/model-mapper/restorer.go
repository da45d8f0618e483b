package main

import "github.com/wasmplane/wasmplane/extensions/internal/body"

// restorer puts the name that a client asked for into a response, chunk by chunk. It replaces texts named "model" in the
// object itself and in its members "message" (Anthropic's first event) and "response" (OpenAI's Responses API), of a JSON
// body or of each data line of server-sent events. It holds nothing back.
type restorer struct {
	name   string // as JSON
	events bool
	line   int // bytes of "data:" that the line begins with, or other
	json   jsonState
}

const (
	other   = -1
	prelude = "data:"
)

// jsonState is where in a JSON text the next byte is.
type jsonState struct {
	depth    int
	object   [3]bool // what encloses depth 1 and 2 is an object
	key      []byte  // the last name at depth 1 or 2, as it is written, or its beginning
	above    bool    // the last name at depth 1 is one below which a model may be
	inText   bool
	isKey    bool // the text is a name
	escaped  bool
	wantsKey bool
	target   bool // the next value is a model's name
	dropping bool // the text is being replaced
}

const maxKey = 16 // bytes; longer names are none of those looked for

func newRestorer(asked string) *restorer { return &restorer{name: body.Quote(asked)} }

// next returns what takes the chunk's place: the chunk itself if that is nothing else.
func (r *restorer) next(chunk []byte) []byte {
	var out []byte
	from, edited := 0, false // what is before from has been written to out, or dropped
	for i := 0; i < len(chunk); i++ {
		c := chunk[i]
		if r.events && !r.inData(c) {
			if r.json.dropping { // the line ends within the text
				r.json.dropping = false
				from = i
			}
			continue
		}
		switch r.json.next(c) {
		case begins:
			out = append(append(out, chunk[from:i]...), r.name...)
			edited = true
			from = len(chunk)
		case ends:
			edited = true
			from = i + 1
		case dropped:
			edited = true
			from = len(chunk)
		}
	}
	if !edited {
		return chunk
	}
	return append(out, chunk[min(from, len(chunk)):]...)
}

// inData tells whether a byte of an event stream belongs to the data of its line.
func (r *restorer) inData(c byte) bool {
	switch {
	case c == '\n' || c == '\r':
		r.line = 0
		dropping := r.json.dropping
		r.json = jsonState{dropping: dropping}
		return false
	case r.line == other:
		return false
	case r.line == len(prelude):
		return true
	case c == prelude[r.line]:
		r.line++
	default:
		r.line = other
	}
	return false
}

// step is what a byte does to the output.
type step uint8

const (
	stays step = iota
	begins
	dropped
	ends
)

func (s *jsonState) next(c byte) step {
	if s.inText {
		return s.text(c)
	}
	switch c {
	case ' ', '\t', '\n', '\r':
		return stays
	case '"':
		s.inText = true
		if s.isKey = s.wantsKey; s.isKey {
			s.wantsKey = false
			s.key = s.key[:0]
		}
		if s.target {
			s.target, s.dropping = false, true
			return begins
		}
		return stays
	case ':':
		s.target = s.isTarget()
		return stays
	case '{', '[':
		s.depth++
		if s.depth < len(s.object) {
			s.object[s.depth] = c == '{'
		}
		s.wantsKey = c == '{' && s.depth < len(s.object)
	case '}', ']':
		s.depth = max(0, s.depth-1)
		s.wantsKey = false
	case ',':
		s.wantsKey = s.depth > 0 && s.depth < len(s.object) && s.object[s.depth]
	}
	s.target = false
	return stays
}

func (s *jsonState) text(c byte) step {
	over := c == '"' && !s.escaped
	s.escaped = c == '\\' && !s.escaped
	if s.isKey && !over && len(s.key) <= maxKey {
		s.key = append(s.key, c)
	}
	if !over {
		if s.dropping {
			return dropped
		}
		return stays
	}
	s.inText = false
	if s.dropping {
		s.dropping = false
		return ends
	}
	if s.isKey && s.depth == 1 {
		s.above = string(s.key) == "message" || string(s.key) == "response"
	}
	return stays
}

func (s *jsonState) isTarget() bool {
	if string(s.key) != "model" || s.depth < 1 || s.depth >= len(s.object) || !s.object[s.depth] {
		return false
	}
	return s.depth == 1 || s.above && s.object[1]
}
