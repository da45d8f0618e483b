// Package resp reads and writes values of the Redis serialization protocol (RESP 2,
// https://redis.io/docs/latest/develop/reference/protocol-spec). It takes the place of the package of the same path, by
// a replace directive in pkg/go.mod, and has its types Value, Reader and Writer with their functions. It lacks the
// server, the append-only file and the inline commands that only a server reads.
//
// The reason is weight. resp.Value is part of the SDK's API, so every plugin links the package, and with the original
// the initialisation of net and of what net needs: 0.18 MB a plugin that no plugin can use, for a Wasm module has no
// sockets. Plugins outside this workspace link the original, unless their go.mod replaces it likewise.
package resp
