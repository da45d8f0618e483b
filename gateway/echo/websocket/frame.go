// Package websocket holds the frames of RFC 6455 and the accept key of its handshake, for both ends of a connection. It
// does no I/O.
package websocket

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// Opcodes of RFC 6455 section 5.2.
const (
	Continuation = 0x0
	Text         = 0x1
	Binary       = 0x2
	Close        = 0x8
	Ping         = 0x9
	Pong         = 0xA
)

// MaxPayload bounds the payload of a frame that a Parser takes, in bytes.
const MaxPayload = 16 << 20

// ErrTooLarge is returned for a frame beyond MaxPayload.
var ErrTooLarge = errors.New("websocket: frame too large")

// Frame is one frame, unmasked.
type Frame struct {
	Fin     bool
	Opcode  byte
	Payload []byte
}

// Control reports whether the frame is a close, ping or pong.
func (f Frame) Control() bool { return f.Opcode&0x8 != 0 }

// Append writes f to dst. A client must mask with a fresh key (section 5.3), a server passes nil.
func Append(dst []byte, f Frame, mask *[4]byte) []byte {
	first := f.Opcode
	if f.Fin {
		first |= 0x80
	}
	var masked byte
	if mask != nil {
		masked = 0x80
	}
	switch n := len(f.Payload); {
	case n < 126:
		dst = append(dst, first, masked|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, first, masked|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, masked|127), uint64(n))
	}
	if mask == nil {
		return append(dst, f.Payload...)
	}
	dst = append(dst, mask[:]...)
	start := len(dst)
	dst = append(dst, f.Payload...)
	unmask(dst[start:], *mask)
	return dst
}

// Accept returns the Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2).
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Parser cuts a byte stream into frames. The zero value is ready. It is not safe for concurrent use.
type Parser struct {
	buffer []byte
}

// Feed adds data and returns the frames that are complete. The payloads belong to the caller. After an error the stream
// cannot be parsed any further.
func (p *Parser) Feed(data []byte) ([]Frame, error) {
	p.buffer = append(p.buffer, data...)
	var frames []Frame
	for {
		f, size, err := parse(p.buffer)
		if err != nil || size == 0 {
			return frames, err
		}
		p.buffer = p.buffer[size:]
		frames = append(frames, f)
	}
}

// parse reads one frame; size 0 means that more bytes are needed.
func parse(b []byte) (f Frame, size int, err error) {
	if len(b) < 2 {
		return f, 0, nil
	}
	if b[0]&0x70 != 0 {
		return f, 0, fmt.Errorf("websocket: reserved bits %#x without an extension", b[0]&0x70)
	}
	f.Fin, f.Opcode = b[0]&0x80 != 0, b[0]&0x0f
	length, at := uint64(b[1]&0x7f), 2
	switch {
	case length == 126 && len(b) >= 4:
		length, at = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case length == 127 && len(b) >= 10:
		length, at = binary.BigEndian.Uint64(b[2:]), 10
	case length >= 126:
		return f, 0, nil
	}
	if f.Control() && (length > 125 || !f.Fin) {
		return f, 0, errors.New("websocket: control frame fragmented or longer than 125 bytes")
	}
	if length > MaxPayload {
		return f, 0, ErrTooLarge
	}
	masked := b[1]&0x80 != 0
	if masked {
		at += 4
	}
	if uint64(len(b)) < uint64(at)+length {
		return f, 0, nil
	}
	size = at + int(length)
	f.Payload = append([]byte(nil), b[at:size]...)
	if masked {
		unmask(f.Payload, [4]byte(b[at-4:at]))
	}
	return f, size, nil
}

func unmask(payload []byte, key [4]byte) {
	for i := range payload {
		payload[i] ^= key[i%4]
	}
}
