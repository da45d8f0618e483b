package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// metadataAttribute answers the stream's dynamic metadata: filter_metadata, a namespace, and a path of keys in its
// Struct.
func (f *filter) metadataAttribute(path string) ([]byte, abi.Status) {
	segments := strings.Split(path, "\x00")
	if segments[0] != "filter_metadata" {
		return nil, abi.NotFound
	}
	namespaces := f.callbacks.Info().DynamicMetadata
	if len(segments) == 1 {
		names := make([][2]string, 0, len(namespaces))
		for name, fields := range namespaces {
			names = append(names, [2]string{name, string(encodeStruct(fields))})
		}
		slices.SortFunc(names, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
		return abi.EncodePairs(names), abi.OK
	}
	fields, found := namespaces[segments[1]]
	if !found {
		return nil, abi.NotFound
	}
	var value any = fields
	for _, name := range segments[2:] {
		inner, isStruct := value.(map[string]any)
		if !isStruct {
			return nil, abi.NotFound
		}
		if value, found = inner[name]; !found {
			return nil, abi.NotFound
		}
	}
	return encodeMetadata(value), abi.OK
}

// encodeMetadata gives scalars in the property encodings, structs and lists as protobuf messages.
func encodeMetadata(value any) []byte {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		return []byte(v)
	case bool:
		return encodeBool(v)
	case map[string]any:
		return encodeStruct(v)
	case []any:
		return encodeList(v)
	}
	return encodeDouble(number(value))
}

// number converts any Go number to the double that a protobuf Value holds.
func number(value any) float64 {
	switch v := value.(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	}
	panic(fmt.Sprintf("dynamic metadata holds a %T", value))
}
