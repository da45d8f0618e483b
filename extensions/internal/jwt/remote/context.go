package remote

import _ "unsafe" // for go:linkname

// Which stream a handler runs for is known to the binding alone, in an internal package; its two functions to read and
// set it are linked by name, as the SDK does for Detached (pkg/internal/hostcall). bodyless.s lets the compiler accept
// that.

// activeContext is the id of the context on whose behalf the binding runs.
//
//go:linkname activeContext github.com/higress-group/proxy-wasm-go-sdk/proxywasm/internal.VMStateGetActiveContextID
func activeContext() uint32

// setActiveContext has the binding file call-outs under another context, until the next entry from the host.
//
//go:linkname setActiveContext github.com/higress-group/proxy-wasm-go-sdk/proxywasm/internal.VMStateSetActiveContextID
func setActiveContext(id uint32)
