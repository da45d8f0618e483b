package resp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Type is the first byte of a value on the wire.
type Type byte

// The types.
const (
	SimpleString Type = '+'
	Error        Type = '-'
	Integer      Type = ':'
	BulkString   Type = '$'
	Array        Type = '*'
)

// String names the type.
func (t Type) String() string {
	switch t {
	case SimpleString:
		return "SimpleString"
	case Error:
		return "Error"
	case Integer:
		return "Integer"
	case BulkString:
		return "BulkString"
	case Array:
		return "Array"
	}
	return "Unknown"
}

// Value is one RESP value. The zero value has no type and cannot be marshalled.
type Value struct {
	typ     Type
	null    bool
	integer int
	bytes   []byte
	array   []Value
}

// Type returns the value's type, also for a null.
func (v Value) Type() Type { return v.typ }

// IsNull reports whether the value is the null bulk string or the null array.
func (v Value) IsNull() bool { return v.null }

// String returns the text of a string or error, the decimal form of an integer, and the elements of an array between
// brackets, separated by spaces. It is "" for a null bulk string.
func (v Value) String() string {
	switch v.typ {
	case SimpleString, Error, BulkString:
		return string(v.bytes)
	case Integer:
		return strconv.Itoa(v.integer)
	case Array:
		elements := make([]string, len(v.array))
		for i := range v.array {
			elements[i] = v.array[i].String()
		}
		return "[" + strings.Join(elements, " ") + "]"
	}
	return ""
}

// Bytes is String as bytes, which are the value's own for strings and errors. It is nil for a null bulk string.
func (v Value) Bytes() []byte {
	switch v.typ {
	case SimpleString, Error, BulkString:
		return v.bytes
	}
	return []byte(v.String())
}

// Integer returns an integer's value, or the number that a string holds, else 0. A number that is too large gives the
// largest, one that is too small the smallest.
func (v Value) Integer() int {
	if v.typ == Integer {
		return v.integer
	}
	n, _ := strconv.ParseInt(v.String(), 10, 64)
	return int(n)
}

// Float returns the number that the value is or holds, else 0.
func (v Value) Float() float64 {
	if v.typ == Integer {
		return float64(v.integer)
	}
	f, _ := strconv.ParseFloat(v.String(), 64)
	return f
}

// Bool reports whether Integer is not 0.
func (v Value) Bool() bool { return v.Integer() != 0 }

// Error returns an error with the value's text if the value is an error, else nil.
func (v Value) Error() error {
	if v.typ != Error {
		return nil
	}
	return errors.New(string(v.bytes))
}

// Array returns an array's own elements; nil for a null and for every other type.
func (v Value) Array() []Value {
	if v.typ != Array || v.null {
		return nil
	}
	return v.array
}

// Equals reports whether both values can be marshalled and are the same on the wire.
func (v Value) Equals(value Value) bool {
	a, errA := v.MarshalRESP()
	b, errB := value.MarshalRESP()
	return errA == nil && errB == nil && string(a) == string(b)
}

// SimpleStringValue makes a simple string. Control characters become spaces.
func SimpleStringValue(s string) Value { return Value{typ: SimpleString, bytes: singleLine(s)} }

// ErrorValue makes an error of err's text, or of none for nil. Control characters become spaces.
func ErrorValue(err error) Value {
	if err == nil {
		return Value{typ: Error}
	}
	return Value{typ: Error, bytes: singleLine(err.Error())}
}

func singleLine(s string) []byte {
	line := []byte(s)
	for i, c := range line {
		if c < ' ' {
			line[i] = ' '
		}
	}
	return line
}

// BytesValue makes a bulk string that keeps b.
func BytesValue(b []byte) Value { return Value{typ: BulkString, bytes: b} }

// StringValue makes a bulk string.
func StringValue(s string) Value { return Value{typ: BulkString, bytes: []byte(s)} }

// NullValue makes a null bulk string.
func NullValue() Value { return Value{typ: BulkString, null: true} }

// IntegerValue makes an integer.
func IntegerValue(i int) Value { return Value{typ: Integer, integer: i} }

// BoolValue makes the integer 1 for true and 0 for false.
func BoolValue(t bool) Value {
	if t {
		return IntegerValue(1)
	}
	return IntegerValue(0)
}

// FloatValue makes a bulk string with the shortest decimal form of f without an exponent.
func FloatValue(f float64) Value { return StringValue(strconv.FormatFloat(f, 'f', -1, 64)) }

// ArrayValue makes an array that keeps vals.
func ArrayValue(vals []Value) Value { return Value{typ: Array, array: vals} }

// AnyValue makes the value that fits v's type: null for nil, an integer for integers and booleans, else a bulk string.
func AnyValue(v interface{}) Value {
	switch v := v.(type) {
	case nil:
		return NullValue()
	case int:
		return IntegerValue(v)
	case uint:
		return IntegerValue(int(v))
	case int8:
		return IntegerValue(int(v))
	case uint8:
		return IntegerValue(int(v))
	case int16:
		return IntegerValue(int(v))
	case uint16:
		return IntegerValue(int(v))
	case int32:
		return IntegerValue(int(v))
	case uint32:
		return IntegerValue(int(v))
	case int64:
		return IntegerValue(int(v))
	case uint64:
		return IntegerValue(int(v))
	case bool:
		return BoolValue(v)
	case float32:
		return FloatValue(float64(v))
	case float64:
		return FloatValue(v)
	case []byte:
		return BytesValue(v)
	case string:
		return StringValue(v)
	}
	return StringValue(fmt.Sprint(v))
}

// MultiBulkValue makes a command: an array of bulk strings, with null for nil arguments.
func MultiBulkValue(commandName string, args ...interface{}) Value {
	command := make([]Value, 1, 1+len(args))
	command[0] = StringValue(commandName)
	for _, arg := range args {
		command = append(command, commandArgument(arg))
	}
	return ArrayValue(command)
}

func commandArgument(arg interface{}) Value {
	switch arg := arg.(type) {
	case nil:
		return NullValue()
	case string:
		return StringValue(arg)
	case []byte:
		return StringValue(string(arg))
	case Value:
		if arg.typ == BulkString {
			return arg
		}
	}
	return StringValue(fmt.Sprint(arg))
}
