// Package refusal answers requests that may not pass.
package refusal

import (
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Status reads a field with the status of a refusal. A number that no final response can have is no load error, since a
// gateway with such a configuration refuses today and would let everything pass without it: otherwise is taken, and
// said so in the log unless the number is 0 or 1, which stand for it.
func Status(o field.Object, key string, otherwise uint32) (uint32, error) {
	const most = 1<<63 - 1
	status, set, err := o.Int(key, -most, most)
	if err != nil {
		return 0, err
	}
	if !set || status == 0 || status == 1 {
		return otherwise, nil
	}
	if status < 200 || status > 599 {
		log.Error(o.Place(key) + ": must be between 200 and 599, " + strconv.Itoa(int(otherwise)) + " is used")
		return otherwise, nil
	}
	return uint32(status), nil
}

// Send answers the current stream, whose request headers are at hand, and returns what their handler must return. The
// stream is held even where the host does not take the answer.
func Send(status uint32, details string, headers [][2]string, body []byte) types.Action {
	if err := proxywasm.SendHttpResponseWithDetail(status, details, headers, body, -1); err != nil {
		log.Error("the refusal cannot be sent: " + err.Error())
	}
	return types.HeaderStopAllIterationAndWatermark
}
