package resp

import (
	"errors"
	"io"
	"strconv"
)

// MarshalRESP returns the value as it is on the wire.
func (v Value) MarshalRESP() ([]byte, error) { return v.appendTo(nil) }

func (v Value) appendTo(out []byte) ([]byte, error) {
	switch v.typ {
	case SimpleString, Error:
		return appendLine(out, v.typ, string(v.bytes)), nil
	case Integer:
		return appendLine(out, v.typ, strconv.Itoa(v.integer)), nil
	case BulkString:
		if v.null {
			return appendLine(out, v.typ, "-1"), nil
		}
		out = append(appendLine(out, v.typ, strconv.Itoa(len(v.bytes))), v.bytes...)
		return append(out, '\r', '\n'), nil
	case Array:
		return v.appendArrayTo(out)
	case 0:
		if v.null {
			return appendLine(out, BulkString, "-1"), nil
		}
	}
	return nil, errors.New("unknown resp type encountered")
}

func (v Value) appendArrayTo(out []byte) ([]byte, error) {
	if v.null {
		return appendLine(out, v.typ, "-1"), nil
	}
	out = appendLine(out, v.typ, strconv.Itoa(len(v.array)))
	var err error
	for i := range v.array {
		if out, err = v.array[i].appendTo(out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func appendLine(out []byte, t Type, text string) []byte {
	out = append(append(out, byte(t)), text...)
	return append(out, '\r', '\n')
}

// Writer writes values to a stream.
type Writer struct{ to io.Writer }

// NewWriter returns a Writer without a buffer: each value is one Write.
func NewWriter(wr io.Writer) *Writer { return &Writer{to: wr} }

// WriteValue writes a value.
func (wr *Writer) WriteValue(v Value) error {
	raw, err := v.MarshalRESP()
	if err != nil {
		return err
	}
	_, err = wr.to.Write(raw)
	return err
}

// WriteSimpleString writes SimpleStringValue(s).
func (wr *Writer) WriteSimpleString(s string) error { return wr.WriteValue(SimpleStringValue(s)) }

// WriteBytes writes BytesValue(b).
func (wr *Writer) WriteBytes(b []byte) error { return wr.WriteValue(BytesValue(b)) }

// WriteString writes StringValue(s).
func (wr *Writer) WriteString(s string) error { return wr.WriteValue(StringValue(s)) }

// WriteNull writes NullValue().
func (wr *Writer) WriteNull() error { return wr.WriteValue(NullValue()) }

// WriteError writes ErrorValue(err).
func (wr *Writer) WriteError(err error) error { return wr.WriteValue(ErrorValue(err)) }

// WriteInteger writes IntegerValue(i).
func (wr *Writer) WriteInteger(i int) error { return wr.WriteValue(IntegerValue(i)) }

// WriteArray writes ArrayValue(vals).
func (wr *Writer) WriteArray(vals []Value) error { return wr.WriteValue(ArrayValue(vals)) }

// WriteMultiBulk writes MultiBulkValue(commandName, args...).
func (wr *Writer) WriteMultiBulk(commandName string, args ...interface{}) error {
	return wr.WriteValue(MultiBulkValue(commandName, args...))
}
