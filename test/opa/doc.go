// Package opa tests the plugins that ask another service for a verdict against real ones, on both engines: opa against an
// Open Policy Agent, ext-auth against a server that does everything wrong that a server can.
//
// The agent is the program in $OPA, else the one of PATH, else the one that
//
//	GOBIN=~/.cache/wasmplane/opa-v1.22.0 go install github.com/open-policy-agent/opa@v1.22.0
//
// leaves in the user's cache folder. Without it its tests are skipped.
package opa
