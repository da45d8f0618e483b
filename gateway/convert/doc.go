// Package convert turns Higress' WasmPlugin resources into those of other gateways for Envoy: Istio's WasmPlugin, and
// Envoy Gateway's EnvoyExtensionPolicy. What the other resource cannot express is refused by name, never dropped: a rule
// that is left out may open what it closed.
package convert
