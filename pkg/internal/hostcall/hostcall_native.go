//go:build !wasm

package hostcall

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// Property returns a property's value. The error is types.ErrorStatusNotFound when there is none.
func Property(path Path) (string, error) {
	value, err := proxywasm.GetProperty(strings.Split(string(path), "\x00"))
	return string(value), err
}

// RequestHeaders returns the current stream's request headers, pseudo headers included. The error is
// types.ErrorStatusNotFound when there are none.
func RequestHeaders() ([][2]string, error) { return proxywasm.GetHttpRequestHeaders() }
