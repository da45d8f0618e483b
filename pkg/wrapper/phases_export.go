//go:build wasip1

package wrapper

//go:wasmexport wasmplane_phases
func wasmplanePhases() int32 { return registeredPhases }
