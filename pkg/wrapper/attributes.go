package wrapper

import (
	"fmt"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Names of the properties that attributes are written to.
const (
	CustomLogKey       = "custom_log"
	AILogKey           = "ai_log"
	TraceSpanTagPrefix = "trace_span_tag."
)

// WriteUserAttributeToLog merges the attributes into the property custom_log.
func (s *stream) WriteUserAttributeToLog() error {
	return s.WriteUserAttributeToLogWithKey(CustomLogKey)
}

// WriteUserAttributeToTrace writes each attribute as a tag of the stream's trace span. It always returns nil.
func (s *stream) WriteUserAttributeToTrace() error {
	for k, v := range s.attributes {
		text, ok := v.(string)
		if !ok {
			text = fmt.Sprint(v)
		}
		if err := proxywasm.SetProperty([]string{TraceSpanTagPrefix + k}, []byte(text)); err != nil {
			log.Warn("set trace span tag " + k + " failed: " + err.Error())
		}
	}
	return nil
}
