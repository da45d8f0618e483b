// Package envoy_source_extensions_common_wasm holds the protobuf arguments of the gateway's foreign functions. Only
// plugins that import it link protobuf.
package envoy_source_extensions_common_wasm
