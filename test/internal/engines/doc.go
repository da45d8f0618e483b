// Package engines starts what the suites run a plugin on, the local gateway and a stock Envoy, with a plugin that the
// checkout has built. What it starts ends with the test. Nothing but tests imports it.
package engines
