package hostcall

import (
	"errors"
	"strconv"
	"unsafe"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

//go:wasmimport env proxy_get_property
func getProperty(path unsafe.Pointer, pathSize int32, data, size unsafe.Pointer) uint32

//go:wasmimport env proxy_get_header_map_pairs
func getHeaderMapPairs(mapType int32, data, size unsafe.Pointer) uint32

const requestHeaders = 0 // map type

// answer is where the host writes the address and the length of a result. It is no local variable because the host
// calls the plugin's allocator before it writes, and a stack may move then.
var answer struct {
	data *byte
	size int32
}

// take returns the result, which the plugin owns.
func take() string {
	s := unsafe.String(answer.data, answer.size)
	answer.data, answer.size = nil, 0
	return s
}

// Property returns a property's value. The error is types.ErrorStatusNotFound when there is none.
func Property(path Path) (string, error) {
	status := getProperty(unsafe.Pointer(unsafe.StringData(string(path))), int32(len(path)),
		unsafe.Pointer(&answer.data), unsafe.Pointer(&answer.size))
	if status != 0 {
		return "", statusError(status)
	}
	return take(), nil
}

// RequestHeaders returns the current stream's request headers, pseudo headers included. The error is
// types.ErrorStatusNotFound when there are none.
func RequestHeaders() ([][2]string, error) {
	status := getHeaderMapPairs(requestHeaders, unsafe.Pointer(&answer.data), unsafe.Pointer(&answer.size))
	if status != 0 {
		return nil, statusError(status)
	}
	raw := take()
	if raw == "" {
		return nil, types.ErrorStatusNotFound
	}
	return pairs(raw), nil
}

// statusError gives the errors of proxy-wasm-go-sdk.
func statusError(status uint32) error {
	switch status {
	case 1:
		return types.ErrorStatusNotFound
	case 2:
		return types.ErrorStatusBadArgument
	case 10:
		return types.ErrorInternalFailure
	case 12:
		return types.ErrorUnimplemented
	}
	return errors.New("unknown status code: " + strconv.Itoa(int(status)))
}
