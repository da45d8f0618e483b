// Package origin tells where a response came from: from the backend, or from the gateway and which of its parts.
package origin

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// ViaUpstream are the response code details of what the backend answered (Envoy, "Response code details").
const ViaUpstream = "via_upstream"

// Details returns the response code details; "" if the host does not tell. Readable once the response has begun.
func Details() string {
	value, err := proxywasm.GetProperty([]string{"response", "code_details"})
	if err != nil {
		return ""
	}
	return string(value)
}

// Match compares details with a pattern, in which a trailing * stands for any rest. For the answers of plugins, to whose
// details hosts add where the plugin stands ("via_wasm::ns.name::key-auth.unauthorized"), the plugin's own part is enough.
func Match(details, pattern string) bool {
	own := details
	if at := strings.LastIndex(details, "::"); at >= 0 {
		own = details[at+2:]
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(details, prefix) || strings.HasPrefix(own, prefix)
	}
	return details == pattern || own == pattern
}

// Flags are response flags, a bit each.
type Flags uint64

// flagNames are the names in access logs, by bit (Envoy, "Access logging, RESPONSE_FLAGS" and the attribute
// response.flags).
var flagNames = []string{"LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC",
	"URX", "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM"}

// ParseFlag reads a flag's name.
func ParseFlag(name string) (Flags, error) {
	bit := slices.Index(flagNames, name)
	if bit < 0 {
		return 0, errors.New("must be one of " + strings.Join(flagNames, ", "))
	}
	return 1 << bit, nil
}

// ResponseFlags returns the flags of the response; none if the host does not tell.
func ResponseFlags() Flags {
	value, err := proxywasm.GetProperty([]string{"response", "flags"})
	if err != nil || len(value) != 8 {
		return 0
	}
	return Flags(binary.LittleEndian.Uint64(value))
}
