//go:build envoy && !wasmplane_noredis

package wrapper

import (
	"math"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

func dispatchRedis(clusterName string, headers [][2]string, command []byte, timeout uint32, callback RedisResponseCallback) error {
	call := newCallout()
	_, err := proxywasm.DispatchHttpCall(clusterName, headers, command, nil, timeout, func(_, bodySize, _ int) {
		call.answered(func() { call.deliverRedis(callback, bodySize) })
	})
	if err != nil {
		return err
	}
	call.started()
	if levelEnabled(LogLevelDebug) {
		log.Debug("redis call start, id: " + call.logID() + ", cluster: " + clusterName + ", query: " +
			redactedSize(len(command)))
	}
	return nil
}

// redisResponse reads the answer to an HTTP call; status 0 is a call without one.
func redisResponse(bodySize int) (status int, body []byte) {
	pairs, err := proxywasm.GetHttpCallResponseHeaders()
	if err != nil || len(pairs) == 0 {
		return 0, nil
	}
	status, _ = callStatus(pairs)
	if bodySize > 0 {
		body, _ = proxywasm.GetHttpCallResponseBody(0, math.MaxInt32)
	}
	return status, body
}
