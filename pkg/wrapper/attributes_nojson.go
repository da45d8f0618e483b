//go:build wasmplane_nojson && wasip1

package wrapper

// needsJSON is no function of any host. The linker keeps the import in plugins that can reach one of the functions
// below; `wasmplane build` then builds without the tag.
//
//go:wasmimport env wasmplane_needs_json
func needsJSON()

// WriteUserAttributeToLogWithKey needs encoding/json.
func (s *stream) WriteUserAttributeToLogWithKey(string) error {
	needsJSON()
	return nil
}

// MarshalStr needs encoding/json.
func MarshalStr(string) string {
	needsJSON()
	return ""
}

// UnmarshalStr needs encoding/json.
func UnmarshalStr(string) string {
	needsJSON()
	return ""
}
