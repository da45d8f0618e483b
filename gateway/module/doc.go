// Package module reads compiled plugins and links them for their hosts. After the Go linker, Link drops the exports of
// phases that a plugin does not have (a host never calls what is not exported, and entering a guest is what an idle
// phase costs), puts the ABI markers in an order that lets one file run on Higress, stock Envoy and Istio, and adds a
// section that says what the module is. Modules of other SDKs keep everything.
//
// Source: WebAssembly core specification 2.0, chapter 5 (binary format); proxy-wasm ABI 0.2.1.
package module
