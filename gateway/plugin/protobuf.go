package plugin

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
)

// Wire types of protobuf (https://protobuf.dev/programming-guides/encoding).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

var errMessage = errors.New("not a protobuf message")

// messageFields are the last values of a message's fields: uint64 for varints, []byte for length-delimited ones.
type messageFields struct {
	numbers map[uint64]uint64
	bytes   map[uint64][]byte
}

// parseMessage reads one level of a protobuf message.
func parseMessage(b []byte) (messageFields, error) {
	fields := messageFields{numbers: map[uint64]uint64{}, bytes: map[uint64][]byte{}}
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 {
			return fields, errMessage
		}
		b = b[n:]
		size := uint64(0)
		switch key & 7 {
		case wireVarint:
			value, n := binary.Uvarint(b)
			if n <= 0 {
				return fields, errMessage
			}
			fields.numbers[key>>3] = value
			size = uint64(n)
		case wireBytes:
			length, n := binary.Uvarint(b)
			if n <= 0 || length > uint64(len(b)-n) {
				return fields, errMessage
			}
			fields.bytes[key>>3] = b[n : uint64(n)+length]
			size = uint64(n) + length
		case wireFixed64:
			size = 8
		case wireFixed32:
			size = 4
		default:
			return fields, errMessage
		}
		if size > uint64(len(b)) {
			return fields, errMessage
		}
		b = b[size:]
	}
	return fields, nil
}

func appendField(b []byte, number uint64, value []byte) []byte {
	b = binary.AppendUvarint(b, number<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// encodeStruct serialises a google.protobuf.Struct, fields in order of their names.
func encodeStruct(fields map[string]any) []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		entry := appendField(nil, 1, []byte(name))
		entry = appendField(entry, 2, encodeValue(fields[name]))
		b = appendField(b, 1, entry)
	}
	return b
}

// encodeList serialises a google.protobuf.ListValue.
func encodeList(values []any) []byte {
	var b []byte
	for _, v := range values {
		b = appendField(b, 1, encodeValue(v))
	}
	return b
}

// encodeValue serialises a google.protobuf.Value.
func encodeValue(value any) []byte {
	switch v := value.(type) {
	case nil:
		return []byte{1<<3 | wireVarint, 0}
	case string:
		return appendField(nil, 3, []byte(v))
	case bool:
		return append([]byte{4<<3 | wireVarint}, encodeBool(v)...)
	case map[string]any:
		return appendField(nil, 5, encodeStruct(v))
	case []any:
		return appendField(nil, 6, encodeList(v))
	}
	return binary.LittleEndian.AppendUint64([]byte{2<<3 | wireFixed64}, math.Float64bits(number(value)))
}
