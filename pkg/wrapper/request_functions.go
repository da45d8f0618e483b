package wrapper

import (
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// GetRequestScheme reads `:scheme`.
//
// Deprecated: use HttpContext.Scheme, which works in every phase. The same goes for the functions below.
func GetRequestScheme() string { return requestHeaderOrLog(":scheme") }

// GetRequestHost reads `:authority`.
//
// Deprecated: use HttpContext.Host.
func GetRequestHost() string { return requestHeaderOrLog(":authority") }

// GetRequestPath reads `:path`.
//
// Deprecated: use HttpContext.Path.
func GetRequestPath() string { return requestHeaderOrLog(":path") }

// GetRequestMethod reads `:method`.
//
// Deprecated: use HttpContext.Method.
func GetRequestMethod() string { return requestHeaderOrLog(":method") }

// GetRequestPathWithoutQuery reads `:path` and returns its decoded path; "" if it cannot be parsed.
//
// Deprecated: parse HttpContext.Path.
func GetRequestPathWithoutQuery() string {
	to, err := parseTarget(GetRequestPath())
	if err != nil {
		log.Error("parse request path failed: " + err.Error())
		return ""
	}
	return percentDecode(to.path)
}

// IsWebsocket reads the request headers and reports whether they ask for an upgrade to websocket.
//
// Deprecated: use HttpContext.IsWebsocket.
func IsWebsocket() bool {
	upgrade, _ := proxywasm.GetHttpRequestHeader("upgrade")
	return upgradesToWebsocket(upgrade, func() string {
		connection, _ := proxywasm.GetHttpRequestHeader("connection")
		return connection
	})
}

// IsBinaryRequestBody reads the request headers and applies the rule of HttpContext.IsBinaryRequestBody.
//
// Deprecated: use HttpContext.IsBinaryRequestBody.
func IsBinaryRequestBody() bool {
	contentType, _ := proxywasm.GetHttpRequestHeader("content-type")
	encoding, _ := proxywasm.GetHttpRequestHeader("content-encoding")
	return isBinary(contentType, encoding)
}

// IsBinaryResponseBody reads the response headers and applies the rule of HttpContext.IsBinaryResponseBody.
//
// Deprecated: use HttpContext.IsBinaryResponseBody.
func IsBinaryResponseBody() bool { return responseIsBinary() }

// HasRequestBody guesses from content-length, content-type and transfer-encoding.
//
// Deprecated: use HttpContext.HasRequestBody, which knows.
func HasRequestBody() bool { return announcesBody(proxywasm.GetHttpRequestHeader) }

// HasResponseBody guesses from content-length, content-type and transfer-encoding.
//
// Deprecated: use HttpContext.HasResponseBody, which knows.
func HasResponseBody() bool { return announcesBody(proxywasm.GetHttpResponseHeader) }

func announcesBody(header func(string) (string, error)) bool {
	if length, err := header("content-length"); err == nil {
		if n, err := strconv.Atoi(length); err == nil {
			return n > 0
		}
	}
	if contentType, err := header("content-type"); err == nil && contentType != "" {
		return true
	}
	encoding, _ := header("transfer-encoding")
	return strings.Contains(encoding, "chunked")
}

// IsApplicationJson reports whether the response's content type contains application/json.
func IsApplicationJson() bool {
	contentType, err := proxywasm.GetHttpResponseHeader("content-type")
	return err == nil && strings.Contains(contentType, "application/json")
}

// IsResponseFromUpstream reports whether the response came from the upstream rather than from the gateway itself.
func IsResponseFromUpstream() bool {
	details, err := proxywasm.GetProperty([]string{"response", "code_details"})
	if err != nil {
		log.Error("get response code details failed: " + err.Error())
		return false
	}
	return string(details) == "via_upstream"
}

// GetPluginFingerPrint returns the property plugin_name, "" if the host has none.
func GetPluginFingerPrint() string {
	name, err := proxywasm.GetProperty([]string{"plugin_name"})
	if err != nil {
		log.Error("get plugin name failed: " + err.Error())
		return ""
	}
	return string(name)
}
