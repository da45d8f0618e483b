package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Response-code-details.
const (
	otherHost    = "sni-misdirect.mismatched.non_wildcard"
	outsideOfAll = "sni-misdirect.mismatched.wildcard"
)

// misdirected is the status of RFC 9110 section 15.5.20.
const misdirected = 421

var body = []byte("Misdirected Request")

// onRequestHeaders asks the host for no more than it takes to let the request pass: most names are equal.
func onRequestHeaders(_ wrapper.HttpContext, _ Config) types.Action {
	protocol, err := proxywasm.GetProperty([]string{"request", "protocol"})
	if err != nil {
		log.Error("the protocol cannot be read: " + err.Error())
		return types.HeaderContinue
	}
	if strings.HasPrefix(string(protocol), "HTTP/1") {
		return types.HeaderContinue
	}
	serverName, err := proxywasm.GetProperty([]string{"connection", "requested_server_name"})
	if err != nil {
		return types.HeaderContinue
	}
	authority, err := proxywasm.GetHttpRequestHeader(":authority")
	if err != nil {
		return types.HeaderContinue
	}
	details := mismatch(string(serverName), authority)
	if details == "" || isPlain() || isGRPC() {
		return types.HeaderContinue
	}
	return refusal.Send(misdirected, details, nil, body)
}

// isPlain reports whether the request is not one of https.
func isPlain() bool {
	scheme, err := proxywasm.GetHttpRequestHeader(":scheme")
	return err != nil || !strings.EqualFold(scheme, "https")
}

// isGRPC reports whether the request is a call of gRPC; gRPC-Web, which browsers speak, is not.
func isGRPC() bool {
	contentType, err := proxywasm.GetHttpRequestHeader("content-type")
	return err == nil && isTypeOfGRPC(contentType)
}
