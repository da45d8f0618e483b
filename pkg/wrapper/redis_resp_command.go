//go:build !envoy && !wasmplane_noredis

package wrapper

import "strconv"

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
	switch v := arg.(type) {
	case string:
		return bulk(query, v)
	case []byte:
		return bulk(query, v)
	}
	var room [32]byte
	return bulk(query, appendWord(room[:0], arg))
}

func bulk[T string | []byte](query []byte, text T) []byte {
	query = append(query, '$')
	query = strconv.AppendInt(query, int64(len(text)), 10)
	query = append(query, '\r', '\n')
	query = append(query, text...)
	return append(query, '\r', '\n')
}
