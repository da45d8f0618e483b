package hostcall

import (
	_ "unsafe" // for go:linkname

	_ "github.com/higress-group/proxy-wasm-go-sdk/proxywasm" // has the two functions linked
)

// The binding files a call-out's callback under the context that is active, drops it when that context is gone, and
// sets the active context itself at each entry. Its two functions to read and set it are in an internal package, so they
// are linked by name; bodyless.s lets the compiler accept that. Should the binding drop them, plugins no longer link.

// ActiveContext is the id of the context on whose behalf the binding runs.
//
//go:linkname ActiveContext github.com/higress-group/proxy-wasm-go-sdk/proxywasm/internal.VMStateGetActiveContextID
func ActiveContext() uint32

// SetActiveContext has the binding file call-outs under another context, until the next entry from the host.
//
//go:linkname SetActiveContext github.com/higress-group/proxy-wasm-go-sdk/proxywasm/internal.VMStateSetActiveContextID
func SetActiveContext(id uint32)
