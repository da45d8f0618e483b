// Package waf runs the regression tests of the OWASP Core Rule Set, as they are inside the module
// github.com/corazawaf/coraza-coreruleset, against the waf plugin on the local gateway and on a stock Envoy, and, in the
// same run, against the middleware that the rule engine itself comes with. What the middleware passes the plugin must
// pass; hosts.yaml lists the tests for which that cannot be, because the host answers or rewrites the request before any
// plugin sees it.
//
// By default every 40th test is run. WASMPLANE_CRS=1 runs all of them, WASMPLANE_CRS=n every n-th. The plugin must have been
// built; Envoy is the one of $ENVOY, or the one on PATH.
package waf
