// Package wrapper is the plugin SDK: it registers a plugin with SetCtx, parses its configuration, chooses the
// configuration that applies to each stream and calls the plugin's handlers, and offers HTTP and Redis call-outs,
// ticks, leases and per-stream state.
//
// A plugin is a package main whose init calls SetCtx and whose main is empty. The host runs one callback of a VM at a
// time, so nothing here is safe for concurrent use and nothing needs to be.
//
// # Pausing
//
// A header handler that returns ActionPause (HeaderStopIteration) holds the headers and lets body handlers run. Where
// no body handler will run (none is set, the body is not wanted, or there is none), and where the handler started a
// call-out through this package, the SDK returns HeaderStopAllIterationAndWatermark instead, so that nothing passes
// until the stream is resumed. After a local reply the host ignores the returned action.
//
// # Panics
//
// Every entry recovers panics and logs them. The stream then goes on, unless the plugin was registered with
// FailClosed. Environment variable WASM_DISABLE_PANIC_RECOVERY=true lets panics through.
//
// # Build tags
//
// wasmplane_slim leaves net/http out, see Header. wasmplane_noredis leaves the Redis client out, and with it package net,
// which a host must have WASI functions for that Envoy 1.36 lacks. wasmplane_nojson leaves encoding/json out, and with it
// what writes attributes to logs: a plugin that can come to that then has an import that no host knows. envoy has the
// Redis client speak to a Redis HTTP gateway. `wasmplane build` chooses them by what the plugin uses.
package wrapper

// SDKVersion is the version of the SDK that a plugin was built with.
const SDKVersion = "0.1.0"
