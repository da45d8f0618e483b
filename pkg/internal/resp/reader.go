package resp

import (
	"bufio"
	"io"
	"strconv"
)

const (
	maxBulk  = 512 << 20 // bytes of a bulk string
	maxArray = 1 << 20   // elements of an array
)

type protocolError string

func (e protocolError) Error() string { return "Protocol error: " + string(e) }

// Reader reads values from a stream.
type Reader struct{ from *bufio.Reader }

// NewReader returns a Reader that buffers, so it may read more from rd than the values it returns.
func NewReader(rd io.Reader) *Reader { return &Reader{from: bufio.NewReader(rd)} }

// ReadValue reads the next value and says how many bytes it took. The error is io.ErrUnexpectedEOF when the stream ends
// within a value, and io.EOF when it ends before one.
func (rd *Reader) ReadValue() (value Value, n int, err error) {
	first, err := rd.from.ReadByte()
	if err != nil {
		return Value{null: true}, 0, err
	}
	n = 1
	value, err = rd.readAfter(Type(first), &n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		value = Value{null: true}
	}
	return value, n, err
}

// readAfter reads what follows the first byte of a value, and adds its length to n.
func (rd *Reader) readAfter(t Type, n *int) (Value, error) {
	switch t {
	case SimpleString, Error:
		line, err := rd.line(n)
		return Value{typ: t, bytes: line}, err
	case Integer:
		i, err := rd.number(n, "invalid integer")
		return IntegerValue(i), err
	case BulkString:
		return rd.bulk(n)
	case Array:
		return rd.array(n)
	}
	return Value{}, protocolError("unknown first byte")
}

func (rd *Reader) bulk(n *int) (Value, error) {
	const invalid = "invalid bulk length"
	length, err := rd.number(n, invalid)
	switch {
	case err != nil:
		return Value{}, err
	case length < 0:
		return NullValue(), nil
	case length > maxBulk:
		return Value{}, protocolError(invalid)
	}
	content := make([]byte, length+2)
	read, err := io.ReadFull(rd.from, content)
	*n += read
	if err != nil {
		return Value{}, err
	}
	if content[length] != '\r' || content[length+1] != '\n' {
		return Value{}, protocolError("invalid bulk line ending")
	}
	return BytesValue(content[:length]), nil
}

func (rd *Reader) array(n *int) (Value, error) {
	const invalid = "invalid array length"
	length, err := rd.number(n, invalid)
	switch {
	case err != nil:
		return Value{}, err
	case length < 0:
		return Value{typ: Array, null: true}, nil
	case length > maxArray:
		return Value{}, protocolError(invalid)
	}
	elements := make([]Value, 0, min(length, 1024)) // a length is only a claim
	for range length {
		first, err := rd.from.ReadByte()
		if err != nil {
			return Value{}, err
		}
		*n++
		element, err := rd.readAfter(Type(first), n)
		if err != nil {
			return Value{}, err
		}
		elements = append(elements, element)
	}
	return ArrayValue(elements), nil
}

// line reads up to CRLF, which it leaves out. A lone LF is part of the line.
func (rd *Reader) line(n *int) ([]byte, error) {
	var line []byte
	for {
		part, err := rd.from.ReadBytes('\n')
		*n += len(part)
		if err != nil {
			return nil, err
		}
		line = append(line, part...)
		if end := len(line) - 2; end >= 0 && line[end] == '\r' {
			return line[:end], nil
		}
	}
}

func (rd *Reader) number(n *int, invalid string) (int, error) {
	line, err := rd.line(n)
	if err != nil {
		return 0, err
	}
	i, err := strconv.ParseInt(string(line), 10, 64)
	if err != nil {
		return 0, protocolError(invalid)
	}
	return int(i), nil
}
