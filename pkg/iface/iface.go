// Package iface names the context interfaces under this module's path. They are the same types as in
// github.com/higress-group/wasm-go/pkg/iface, so code written for either works with both.
package iface

import "github.com/higress-group/wasm-go/pkg/iface"

// RouteResponseCallback receives the answer to HttpContext.RouteCall.
type RouteResponseCallback = iface.RouteResponseCallback

// HTTPExecutionPhase is a phase of an HTTP stream as HttpContext.GetExecutionPhase reports it.
type HTTPExecutionPhase = iface.HTTPExecutionPhase

// PluginContext is one configured plugin in one VM.
type PluginContext = iface.PluginContext

// HttpContext is one HTTP stream as the plugin sees it.
type HttpContext = iface.HttpContext

// The phases in the order a stream passes them.
const (
	DecodeHeader = iface.DecodeHeader
	DecodeData   = iface.DecodeData
	EncodeHeader = iface.EncodeHeader
	EncodeData   = iface.EncodeData
	Done         = iface.Done
)
