// Package httpcache decides what a shared HTTP cache may do, after RFC 9111 and RFC 5861: what may be stored, for how long
// it is fresh, which stored response fits a request, how one is validated, and what an unsafe request invalidates.
//
// Everything is a pure function of messages and times. Times are milliseconds since 1970, as the caller's clock has them.
// Header names are lower case throughout. Where the RFC leaves a choice the stricter one is taken; test/httpcache compares
// the decisions with those of another implementation and lists where they differ.
package httpcache
