// Package envoy is the second engine: it writes the configuration of a stock Envoy from the same manifests that the
// local gateway runs, starts an Envoy, gives it new configurations while it runs, and drives it for cases. Manifests
// that a stock Envoy cannot honour are refused with the reason. docs/engines.md has the differences that remain.
//
// Configurations are plain objects in the JSON form of Envoy's v3 API (https://www.envoyproxy.io/docs/envoy/v1.39.3/api-v3/api).
package envoy
