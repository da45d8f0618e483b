package model

import (
	"bytes"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

const (
	holdSize  = 256 << 10 // bytes
	holdCalls = 32
)

// Upload is a multipart/form-data body that passes while it comes. The first name in it counts, since what follows is not
// known when the request goes on; names after it are made equal to it. Not safe for concurrent use.
type Upload struct {
	looking     scanner
	read, calls int

	replacing scanner
	name      []byte
	pending   []byte
}

// NewUpload reads a content type; field is the name of the field that has the model's name. It is nil where the type has
// no boundary.
func NewUpload(contentType, field string) *Upload {
	boundary := body.Boundary(contentType)
	if boundary == "" {
		return nil
	}
	delimiter := []byte("--" + boundary)
	return &Upload{looking: scanner{delimiter: delimiter, field: field}, replacing: scanner{delimiter: delimiter, field: field}}
}

// Verdict is what becomes of a body of which only the beginning is known.
type Verdict uint8

const (
	Hold  Verdict = iota // more of it is needed
	Whole                // it must be read as a whole: to look again and again would cost too much, or it is over
	Found                // the name is known
)

// Look looks for the name in all that has come so far.
func (u *Upload) Look(held []byte, last bool) (name string, verdict Verdict) {
	u.calls++
	for more := true; more; {
		n, found, again, err := u.looking.next(held[u.read:])
		if err != nil {
			return "", Whole
		}
		if found != nil {
			return string(held[u.read+found.start : u.read+found.end]), Found
		}
		u.read += n
		more = again
	}
	if last || u.looking.state == epilogue || len(held) > holdSize || u.calls >= holdCalls {
		return "", Whole
	}
	return "", Hold
}

// CanSet tells whether a name can stand in this body.
func (u *Upload) CanSet(name string) bool { return !bytes.Contains([]byte(name), u.looking.delimiter) }

// Set says which name the fields get.
func (u *Upload) Set(name string) { u.name = []byte(name) }

// Next takes a chunk, the first time all that was held, and returns what can be sent. An error means that names in what
// follows cannot be told, and nothing more may be sent.
func (u *Upload) Next(chunk []byte, last bool) ([]byte, error) {
	data := chunk
	if len(u.pending) > 0 {
		data = append(u.pending, chunk...)
	}
	out := make([]byte, 0, len(data)+len(u.name))
	for more := true; more; {
		n, found, again, err := u.replacing.next(data)
		if err != nil {
			return nil, err
		}
		if found == nil || bytes.Equal(data[found.start:found.end], u.name) {
			out = append(out, data[:n]...)
		} else {
			out = append(append(append(out, data[:found.start]...), u.name...), u.replacing.newLine...)
			out = append(out, data[found.boundary:n]...)
		}
		data = data[n:]
		more = again
	}
	if !last {
		u.pending = append([]byte(nil), data...)
		return out, nil
	}
	u.pending = nil
	if u.replacing.state == content && u.replacing.wanted { // it ends without a boundary
		return append(append(out, u.replacing.newLine...), u.name...), nil
	}
	return append(out, data...), nil
}
