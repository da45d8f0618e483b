package wrapper

import (
	"bytes"

	"github.com/tidwall/gjson"
)

// GetValueFromBody returns the value at the first of paths that exists in the JSON in data, nil if none does. Text
// before the first brace or bracket, such as an SSE field name, is skipped.
func GetValueFromBody(data []byte, paths []string) *gjson.Result {
	start := bytes.IndexAny(data, "{[")
	if start < 0 {
		return nil
	}
	for _, path := range paths {
		if value := gjson.GetBytes(data[start:], path); value.Exists() {
			return &value
		}
	}
	return nil
}

// UnifySSEChunk turns CRLF and CR line ends into LF.
func UnifySSEChunk(data []byte) []byte {
	if bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
}
