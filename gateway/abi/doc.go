// Package abi is the host side of the proxy-wasm ABI (0.1.0, 0.2.0, 0.2.1 and Higress' 0.2.100) on wazero: compiled
// modules, virtual machines, host functions and the marshalling between them. It knows nothing of HTTP servers or
// filter chains: what a host function acts upon is a [Context], which the caller implements.
//
// A [Runtime] and its [Module]s may be used from any goroutine. A [VM] belongs to one goroutine, which alone may call
// its methods; host functions run inside those calls. A VM is never entered again while its guest runs, except for the
// guest's own allocator when a host function returns data.
//
// Sources: the proxy-wasm specification (https://github.com/proxy-wasm/spec) and Envoy's and Higress' documentation of
// their Wasm filters.
package abi
