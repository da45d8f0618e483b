// Package compat proves that a plugin written for github.com/higress-group/wasm-go works on our SDK after changing only
// the import path.
//
// Each folder is one program, an example of the developer documentation in the documentation's own shape; its package
// comment names the page's example and every difference from it. The tests compile each program twice, as it is and with
// the import path of wasm-go put into its text, and run the first build in the local gateway, where they check what the
// documentation says the example does.
package compat
