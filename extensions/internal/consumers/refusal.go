package consumers

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
)

// Refusal is the answer to a request that may not pass. It is made when the configuration is loaded.
type Refusal struct {
	Status  uint32
	Details string // response-code-details, "key-auth.no_key"
	Body    string
	Headers [][2]string // their values must not hold what the client sent, unless the plugin has made it safe
}

// Send answers the current stream. What it returns is what the handler, of headers or of a body, must return; a
// callback ignores it.
func (r *Refusal) Send() types.Action {
	return refusal.Send(r.Status, r.Details, r.Headers, []byte(r.Body))
}
