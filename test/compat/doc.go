// Package compat proves that plugins written for github.com/higress-group/wasm-go run on our SDK after changing only the
// import path.
package compat
