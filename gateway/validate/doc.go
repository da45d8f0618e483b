// Package validate checks Kubernetes resources for a Higress gateway before they are applied: against the CRDs of their
// kinds, against what the Higress controller makes of a WasmPlugin, against the configuration schema in a known plugin's
// plugin.yaml, and, where the plugin is compiled, against its own parser.
//
// What is wrong is a problem with file, line and field. What may be meant so is a note, a problem whose Warning is set.
package validate
