package resp

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadValue(t *testing.T) {
	tests := []struct {
		name, wire string
		text       string
		typ        Type
		null       bool
	}{
		{"simple string", "+OK\r\n", "OK", SimpleString, false},
		{"a line feed in a simple string", "+a\nb\r\n", "a\nb", SimpleString, false},
		{"error", "-ERR no such key\r\n", "ERR no such key", Error, false},
		{"integer", ":-42\r\n", "-42", Integer, false},
		{"bulk string of any bytes", "$4\r\n\r\n\x00x\r\n", "\r\n\x00x", BulkString, false},
		{"empty bulk string", "$0\r\n\r\n", "", BulkString, false},
		{"null bulk string", "$-1\r\n", "", BulkString, true},
		{"array", "*3\r\n:1\r\n$1\r\na\r\n*1\r\n+b\r\n", "[1 a [b]]", Array, false},
		{"empty array", "*0\r\n", "[]", Array, false},
		{"null array", "*-1\r\n", "[]", Array, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, n, err := NewReader(strings.NewReader(tt.wire + "+next\r\n")).ReadValue()
			if err != nil || n != len(tt.wire) {
				t.Fatalf("read %d of %d bytes, error %v", n, len(tt.wire), err)
			}
			if v.String() != tt.text || v.Type() != tt.typ || v.IsNull() != tt.null {
				t.Errorf("got %q of type %v, null %v", v, v.Type(), v.IsNull())
			}
			if wire, err := v.MarshalRESP(); err != nil || string(wire) != tt.wire {
				t.Errorf("marshals to %q, error %v", wire, err)
			}
		})
	}
}

func TestReadValueRefuses(t *testing.T) {
	tests := []struct{ name, wire, err string }{
		{"nothing", "", "EOF"},
		{"an unknown type", "?x\r\n", "Protocol error: unknown first byte"},
		{"a number with letters", ":1a\r\n", "Protocol error: invalid integer"},
		{"a bulk length without a number", "$\r\n", "Protocol error: invalid bulk length"},
		{"a bulk length beyond 512 MiB", "$536870913\r\n", "Protocol error: invalid bulk length"},
		{"a bulk string without its line end", "$1\r\nabc", "Protocol error: invalid bulk line ending"},
		{"an array length beyond a million", "*1048577\r\n", "Protocol error: invalid array length"},
		{"an array that ends early", "*2\r\n:1\r\n", "unexpected EOF"},
		{"a line that ends early", "+OK\r", "unexpected EOF"},
		{"a bulk string that ends early", "$3\r\nab", "unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := NewReader(strings.NewReader(tt.wire)).ReadValue()
			if err == nil || err.Error() != tt.err || !v.IsNull() {
				t.Errorf("got %q, null %v, error %v", v, v.IsNull(), err)
			}
		})
	}
}

func TestConversions(t *testing.T) {
	tests := []struct {
		name    string
		value   Value
		integer int
		float   float64
		boolean bool
		bytes   string
	}{
		{"integer", IntegerValue(3), 3, 3, true, "3"},
		{"string with a number", StringValue("12"), 12, 12, true, "12"},
		{"float", FloatValue(1.5), 0, 1.5, false, "1.5"},
		{"text", SimpleStringValue("a\r\nb"), 0, 0, false, "a  b"},
		{"true", BoolValue(true), 1, 1, true, "1"},
		{"false", BoolValue(false), 0, 0, false, "0"},
		{"null", NullValue(), 0, 0, false, ""},
		{"array", ArrayValue([]Value{IntegerValue(1)}), 0, 0, false, "[1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.value
			if v.Integer() != tt.integer || v.Float() != tt.float || v.Bool() != tt.boolean || string(v.Bytes()) != tt.bytes {
				t.Errorf("got %d, %g, %v, %q", v.Integer(), v.Float(), v.Bool(), v.Bytes())
			}
		})
	}
	if NullValue().Bytes() != nil {
		t.Error("the bytes of a null are not nil")
	}
	if err := ErrorValue(errors.New("no\nway")).Error(); err == nil || err.Error() != "no way" {
		t.Errorf("error value gives %v", err)
	}
	if StringValue("x").Error() != nil || StringValue("x").Array() != nil {
		t.Error("a string is an error or an array")
	}
}

func TestAnyAndMultiBulkValue(t *testing.T) {
	for _, tt := range []struct {
		in   interface{}
		wire string
	}{
		{nil, "$-1\r\n"}, {7, ":7\r\n"}, {uint8(7), ":7\r\n"}, {int64(-7), ":-7\r\n"}, {true, ":1\r\n"},
		{float32(0.5), "$3\r\n0.5\r\n"}, {[]byte("b"), "$1\r\nb\r\n"}, {"s", "$1\r\ns\r\n"}, {[]int{1, 2}, "$5\r\n[1 2]\r\n"},
	} {
		if wire, err := AnyValue(tt.in).MarshalRESP(); err != nil || string(wire) != tt.wire {
			t.Errorf("%v: got %q, error %v", tt.in, wire, err)
		}
	}
	var out bytes.Buffer
	if err := NewWriter(&out).WriteMultiBulk("SET", "k", []byte("v"), 1, nil, StringValue("x"), IntegerValue(2)); err != nil {
		t.Fatal(err)
	}
	want := "*7\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n$1\r\n1\r\n$-1\r\n$1\r\nx\r\n$1\r\n2\r\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

type refusingWriter struct{}

func (refusingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriterReportsFailures(t *testing.T) {
	if err := NewWriter(refusingWriter{}).WriteInteger(1); err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
	if err := NewWriter(io.Discard).WriteValue(Value{}); err == nil {
		t.Error("a value without a type was written")
	}
	if (Value{}).Equals(Value{}) || !IntegerValue(1).Equals(BoolValue(true)) || IntegerValue(1).Equals(StringValue("1")) {
		t.Error("Equals does not compare what is on the wire")
	}
}
