package differential

import (
	"fmt"
	"strings"
)

// bufferLimit is that of both engines, in bytes.
const bufferLimit = 32768

// scenario is one exchange: two scripts and a timeline.
type scenario struct {
	seed    uint64
	http2   bool // on both sides; else HTTP/1.1 on both
	method  string
	scripts map[string]string // filter → script
	steps   []step
	// Lengths announced by content-length; -1 means none.
	requestLength, responseLength int
}

// actor is who takes a step.
type actor int

const (
	client actor = iota
	backend
	gate
)

// step is one thing that happens. The backend's steps wait until the request has come to it.
type step struct {
	actor    actor
	kind     kind
	size     int    // of data
	end      bool   // the message ends with this
	gate     string // "a/g0"
	together bool   // with the next one, without waiting in between
}

// kind is what client and backend send.
type kind int

const (
	headers kind = iota
	data
	trailers
)

func (s step) String() string {
	if s.actor == gate {
		return "open " + s.gate
	}
	text := [...]string{"client", "backend"}[s.actor] + " " + [...]string{"headers", "data", "trailers"}[s.kind]
	if s.kind == data {
		text += fmt.Sprintf(" %d", s.size)
	}
	if s.end {
		text += " end"
	}
	if s.together {
		text += " and at once"
	}
	return text
}

// String is a scenario as a person reads it.
func (s *scenario) String() string {
	var out strings.Builder
	protocol := "HTTP/1.1"
	if s.http2 {
		protocol = "HTTP/2"
	}
	fmt.Fprintf(&out, "seed %d: %s %s, content-length %d and %d\n", s.seed, s.method, protocol, s.requestLength, s.responseLength)
	for _, name := range filters {
		fmt.Fprintf(&out, "  filter %s: %s\n", name, s.scripts[name])
	}
	for _, step := range s.steps {
		fmt.Fprintf(&out, "  %s\n", step)
	}
	return out.String()
}

// content is a piece of a body: recognisable, and the same for the same place.
func content(from, size int) []byte {
	piece := make([]byte, size)
	for i := range piece {
		at := from + i
		piece[i] = byte('a' + (at+at/26)%26)
	}
	return piece
}
