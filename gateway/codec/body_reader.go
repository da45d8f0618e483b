package codec

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// maxChunkLine bounds a chunk-size line with its extensions.
const maxChunkLine = 4 << 10

// bodyReader reads one HTTP/1 body piece by piece.
type bodyReader struct {
	br      *bufio.Reader
	framing bodyFraming
	left    int64 // of the body (framingLength) or of the chunk (framingChunked)
	started bool  // a chunk has been read; its CRLF is due when left is 0
	limits  Limits
}

// next returns a piece of the body, or at its end nil data and the trailers, if any. A body cut short gives
// io.ErrUnexpectedEOF, broken coding a *RefusedError. After the end it must not be called again.
func (b *bodyReader) next() (data []byte, trailers *header.Map, end bool, err error) {
	switch b.framing {
	case framingNone:
		return nil, nil, true, nil
	case framingLength:
		if b.left == 0 {
			return nil, nil, true, nil
		}
	case framingChunked:
		if b.left > 0 {
			break
		}
		trailers, end, err = b.nextChunk()
		if end || err != nil {
			return nil, trailers, end, err
		}
	default:
		data, err = b.read(readSize)
		if err == io.EOF {
			return nil, nil, true, nil
		}
		return data, nil, false, err
	}
	data, err = b.read(min(b.left, readSize))
	b.left -= int64(len(data))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return data, nil, false, err
}

// read returns what the connection has, at least one byte and at most limit.
func (b *bodyReader) read(limit int64) ([]byte, error) {
	if _, err := b.br.Peek(1); err != nil {
		return nil, err
	}
	data := make([]byte, min(limit, int64(max(b.br.Buffered(), 1))))
	n, err := b.br.Read(data)
	return data[:n], err
}

// nextChunk reads up to the data of the next chunk (RFC 9112 section 7.1), or to the end of the body.
func (b *bodyReader) nextChunk() (trailers *header.Map, end bool, err error) {
	if b.started {
		if err := b.expectCRLF(); err != nil {
			return nil, false, err
		}
	}
	b.started = true
	line, err := readLine(b.br, maxChunkLine)
	if errors.Is(err, errLineTooLong) {
		return nil, false, refuse("http1.codec_error", "chunk extension too long")
	}
	if err != nil {
		return nil, false, unexpectedEOF(err)
	}
	size, extension, _ := strings.Cut(line, ";")
	var ok bool
	if b.left, ok = parseChunkSize(size); !ok || !isFieldValue(extension) {
		return nil, false, refuse("http1.codec_error", "chunk size line %q", line)
	}
	if b.left > 0 {
		return nil, false, nil
	}
	trailers, err = b.readTrailers()
	return trailers, err == nil, err
}

func (b *bodyReader) expectCRLF() error {
	for _, want := range []byte("\r\n") {
		c, err := b.br.ReadByte()
		if err != nil {
			return unexpectedEOF(err)
		}
		if c != want {
			return refuse("http1.codec_error", "chunk longer than its size")
		}
	}
	return nil
}

// readTrailers reads the trailer section. Fields that would matter to framing or routing are refused (RFC 9110 section
// 6.5.1).
func (b *bodyReader) readTrailers() (*header.Map, error) {
	fields, err := readFields(b.br, b.limits, 0)
	if err != nil {
		var refused *RefusedError
		if errors.As(err, &refused) && refused.Status == 431 {
			refused.Details = "http1.trailers_too_large"
		}
		return nil, err
	}
	if len(fields) == 0 {
		return nil, nil
	}
	trailers := header.New()
	for _, f := range fields {
		switch f.Name {
		case "content-length", "transfer-encoding", "host":
			return nil, refuse("http1.codec_error", "%s among the trailers", f.Name)
		}
		trailers.Append(f.Name, f.Value)
	}
	return trailers, nil
}

// parseChunkSize reads 1 to 15 hexadecimal digits, which cannot overflow; leading zeros count.
func parseChunkSize(s string) (int64, bool) {
	if s == "" || len(s) > 15 {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		digit := strings.IndexByte("0123456789abcdef", s[i]|0x20)
		if digit < 0 || s[i] < '0' {
			return 0, false
		}
		n = n<<4 | int64(digit)
	}
	return n, true
}

func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
