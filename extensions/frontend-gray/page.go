package main

import (
	"bytes"
	"strings"
)

// page edits the body of one page as it passes: only the beginning of a tag that the next chunk may complete is held back.
type page struct {
	edits [4]edit
	held  []byte
	// whole replaces the body; nil if it does not. It is sent with the first chunk.
	whole    []byte
	replaces bool
}

// edit is a text of the page and what takes its place.
type edit struct{ old, new string }

// newPage prepares the edits for a version. Texts that go in may name the version, too.
func newPage(i *injection, globalScript, version string, breaks bool) *page {
	fill := func(text string) string { return strings.ReplaceAll(text, placeholder, version) }
	head := i.head
	if globalScript != "" {
		head = globalScript
		if i.head != "" {
			head += "\n" + i.head
		}
	}
	p := &page{edits: [4]edit{{placeholder, version}}}
	if breaks {
		p.edits[1] = edit{"</head>", fill(head) + "\n</head>"}
		p.edits[2] = edit{"<body>", "<body>\n" + fill(i.first)}
		p.edits[3] = edit{"</body>", fill(i.last) + "\n</body>"}
	}
	return p
}

// next returns what becomes of a chunk.
func (p *page) next(chunk []byte, last bool) []byte {
	if p.replaces {
		whole := p.whole
		p.whole = nil
		return whole
	}
	data := chunk
	if len(p.held) > 0 {
		data = append(p.held, chunk...)
		p.held = nil
	}
	var out []byte
	done := 0 // so much of data is in out, or replaced
	for at := 0; ; {
		found := bytes.IndexAny(data[at:], "<{")
		if found < 0 {
			break
		}
		at += found
		e, complete := p.find(data[at:])
		switch {
		case e == nil:
			at++
		case complete:
			out = append(append(out, data[done:at]...), e.new...)
			at += len(e.old)
			done = at
		case last:
			at++
		default:
			p.held = bytes.Clone(data[at:])
			data = data[:at]
		}
	}
	if out == nil {
		return data[done:]
	}
	return append(out, data[done:]...)
}

// find returns the edit whose text stands, or begins, at the beginning of data.
func (p *page) find(data []byte) (e *edit, complete bool) {
	for i := range p.edits {
		e := &p.edits[i]
		if e.old == "" {
			continue
		}
		n := min(len(e.old), len(data))
		if string(data[:n]) == e.old[:n] {
			return e, n == len(e.old)
		}
	}
	return nil, false
}
