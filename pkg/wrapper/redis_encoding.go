//go:build !wasmplane_noredis

package wrapper

import (
	"fmt"
	"sort"
	"strconv"
)

// appendWord appends an argument's text: strings and []byte as they are, numbers in their shortest form without an
// exponent, everything else as fmt prints it.
func appendWord(text []byte, arg interface{}) []byte {
	switch v := arg.(type) {
	case string:
		return append(text, v...)
	case []byte:
		return append(text, v...)
	case int:
		return strconv.AppendInt(text, int64(v), 10)
	case int64:
		return strconv.AppendInt(text, v, 10)
	case int32:
		return strconv.AppendInt(text, int64(v), 10)
	case uint64:
		return strconv.AppendUint(text, v, 10)
	case uint32:
		return strconv.AppendUint(text, uint64(v), 10)
	case uint:
		return strconv.AppendUint(text, uint64(v), 10)
	case float64:
		return strconv.AppendFloat(text, v, 'f', -1, 64)
	case float32:
		return strconv.AppendFloat(text, float64(v), 'f', -1, 32)
	}
	return fmt.Append(text, arg)
}

// sortedKeys makes commands built from maps reproducible.
func sortedKeys(m map[string]interface{}) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
