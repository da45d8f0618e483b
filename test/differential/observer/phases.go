//go:build wasip1

package main

// allPhases are all bits of gateway/module.Phases, and the one that says they are known.
const allPhases = 1<<30 | 1<<10 - 1

//go:wasmexport wasmplane_phases
func wasmplanePhases() int32 { return allPhases }
