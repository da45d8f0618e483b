// Package sse splits a stream of server-sent events into events, whatever the chunks it arrives in.
package sse

import "bytes"

// Event is one event of a stream. Data lines are joined with a line feed.
type Event struct {
	ID    string
	Type  string // the `event` field; empty means `message`
	Data  []byte // owned by the receiver
	Retry string
	// Raw is the event's text as it came, with its closing blank line. Concatenating Raw of all events, and Rest at the
	// end, gives the stream again.
	Raw []byte
}

// Splitter collects chunks and hands out complete events. The zero value is ready to use. It is not safe for
// concurrent use.
type Splitter struct {
	pending []byte
	scanned int // no event ends before this offset
}

// Push adds a chunk and calls event for each event that it completes, in order.
func (s *Splitter) Push(chunk []byte, event func(Event)) {
	s.pending = append(s.pending, chunk...)
	done := 0
	for {
		end := s.endOfEvent(done)
		if end < 0 {
			break
		}
		raw := bytes.Clone(s.pending[done:end])
		done, s.scanned = end, end
		event(parse(raw))
	}
	s.pending = append(s.pending[:0], s.pending[done:]...)
	s.scanned -= done
}

// Rest returns what has arrived since the last complete event and forgets it. At the end of a stream it is an event
// that lacks its blank line, or nothing.
func (s *Splitter) Rest() []byte {
	rest := s.pending
	s.pending, s.scanned = nil, 0
	return rest
}

// endOfEvent returns the offset behind the blank line that ends the event starting at from, or -1. A line ends with
// LF, CR or CRLF; a CR at the very end waits for a possible LF.
func (s *Splitter) endOfEvent(from int) int {
	lineStart := max(from, s.scanned)
	for i := lineStart; i < len(s.pending); i++ {
		c := s.pending[i]
		if c != '\n' && c != '\r' {
			continue
		}
		next := i + 1
		if c == '\r' {
			if next == len(s.pending) {
				break
			}
			if s.pending[next] == '\n' {
				next++
			}
		}
		if i == lineStart {
			return next
		}
		lineStart, i = next, next-1
	}
	s.scanned = lineStart
	return -1
}

func parse(raw []byte) Event {
	e := Event{Raw: raw}
	text := bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	first := true
	for _, line := range bytes.Split(text, []byte("\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "data":
			if !first {
				e.Data = append(e.Data, '\n')
			}
			e.Data = append(e.Data, value...)
			first = false
		case "event":
			e.Type = string(value)
		case "id":
			e.ID = string(value)
		case "retry":
			e.Retry = string(value)
		}
	}
	return e
}
