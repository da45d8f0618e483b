package wrapper

import (
	"fmt"
	"sort"
	"strconv"
)

// respCommand encodes a command as a RESP array of bulk strings.
func respCommand(args []interface{}) []byte {
	query := make([]byte, 0, 16+24*len(args))
	query = append(query, '*')
	query = strconv.AppendInt(query, int64(len(args)), 10)
	query = append(query, '\r', '\n')
	for _, arg := range args {
		query = appendBulk(query, arg)
	}
	return query
}

func appendBulk(query []byte, arg interface{}) []byte {
	var room [32]byte
	switch v := arg.(type) {
	case string:
		return bulk(query, v)
	case []byte:
		return bulk(query, v)
	case int:
		return bulk(query, strconv.AppendInt(room[:0], int64(v), 10))
	case int64:
		return bulk(query, strconv.AppendInt(room[:0], v, 10))
	case int32:
		return bulk(query, strconv.AppendInt(room[:0], int64(v), 10))
	case uint64:
		return bulk(query, strconv.AppendUint(room[:0], v, 10))
	case uint32:
		return bulk(query, strconv.AppendUint(room[:0], uint64(v), 10))
	case uint:
		return bulk(query, strconv.AppendUint(room[:0], uint64(v), 10))
	case float64:
		return bulk(query, strconv.AppendFloat(room[:0], v, 'f', -1, 64))
	case float32:
		return bulk(query, strconv.AppendFloat(room[:0], float64(v), 'f', -1, 32))
	}
	return bulk(query, fmt.Sprint(arg))
}

func bulk[T string | []byte](query []byte, text T) []byte {
	query = append(query, '$')
	query = strconv.AppendInt(query, int64(len(text)), 10)
	query = append(query, '\r', '\n')
	query = append(query, text...)
	return append(query, '\r', '\n')
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
