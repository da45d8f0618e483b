package stream

// Buffer is a run of body bytes that filters read and rewrite. The zero value is empty and ready to use.
type Buffer struct {
	data []byte
	// resized is told of every change while a filter's stop holds the buffer, so that the limit covers edits too.
	resized func()
}

func (b *Buffer) notify() {
	if b.resized != nil {
		b.resized()
	}
}

// NewBuffer returns a buffer that owns data.
func NewBuffer(data []byte) *Buffer { return &Buffer{data: data} }

// Len returns the number of bytes; nil is empty.
func (b *Buffer) Len() int {
	if b == nil {
		return 0
	}
	return len(b.data)
}

// Bytes returns the content. It is valid until the next write and must not be changed.
func (b *Buffer) Bytes() []byte {
	if b == nil {
		return nil
	}
	return b.data
}

// Append adds p at the end; p is copied.
func (b *Buffer) Append(p []byte) {
	b.data = append(b.data, p...)
	b.notify()
}

// Splice drops the first n bytes (at most all) and puts p in front of the rest. It is what a host's set-buffer call
// with start 0 does: n 0 prepends, a large n replaces. p is copied. To the limit these are two changes, as in Envoy: a
// source that was throttled goes on when what is left between them is little enough.
func (b *Buffer) Splice(n int, p []byte) {
	if n = max(0, min(n, len(b.data))); n > 0 {
		b.data = b.data[n:]
		b.notify()
	}
	data := make([]byte, 0, len(p)+len(b.data))
	b.data = append(append(data, p...), b.data...)
	b.notify()
}

// Move appends everything in src to b and empties src.
func (b *Buffer) Move(src *Buffer) {
	if src.Len() == 0 || src == b {
		return
	}
	data := src.Take()
	if len(b.data) == 0 {
		b.data = data
	} else {
		b.data = append(b.data, data...)
	}
	b.notify()
}

// Take empties the buffer and returns what it held.
func (b *Buffer) Take() []byte {
	data := b.data
	b.data = nil
	b.notify()
	return data
}
