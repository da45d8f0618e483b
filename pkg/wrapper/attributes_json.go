//go:build !wasmplane_nojson || !wasip1

package wrapper

import (
	"bytes"
	"encoding/json"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// WriteUserAttributeToLogWithKey merges the attributes into the property key. The property holds a JSON object,
// JSON-string-escaped and without the quotes, ready to stand between quotes in a JSON access log. A value that is
// something else is overwritten with a warning.
func (s *stream) WriteUserAttributeToLogWithKey(key string) error {
	merged := map[string]interface{}{}
	current, err := proxywasm.GetProperty([]string{key})
	if err == nil && len(current) > 0 {
		if merged, err = decodeLogProperty(current); err != nil {
			log.Warn("Unmarshal failed, will overwrite property " + key + ": " + err.Error())
			merged = map[string]interface{}{}
		}
	}
	for k, v := range s.attributes {
		merged[k] = v
	}
	object, err := json.Marshal(merged)
	if err != nil {
		log.Warn("attributes cannot be encoded as JSON: " + err.Error())
		return proxywasm.SetProperty([]string{key}, nil)
	}
	return proxywasm.SetProperty([]string{key}, []byte(MarshalStr(string(object))))
}

// decodeLogProperty keeps numbers as they were written.
func decodeLogProperty(value []byte) (map[string]interface{}, error) {
	quoted := make([]byte, 0, len(value)+2)
	quoted = append(append(append(quoted, '"'), value...), '"')
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	object := map[string]interface{}{}
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil { // the text was null
		object = map[string]interface{}{}
	}
	return object, nil
}

// MarshalStr JSON-encodes a string and strips the quotes.
func MarshalStr(raw string) string {
	encoded, err := json.Marshal(raw)
	if err != nil {
		log.Error("marshal string failed: " + err.Error())
		return ""
	}
	return string(encoded[1 : len(encoded)-1])
}

// UnmarshalStr decodes a quoted JSON string; "" with an error log if it is none.
func UnmarshalStr(marshalledJsonStr string) string {
	var text string
	if err := json.Unmarshal([]byte(marshalledJsonStr), &text); err != nil {
		log.Error("unmarshal string failed: " + err.Error())
		return ""
	}
	return text
}
