// Package httpcache tests response-cache as an HTTP cache: its decisions against those of the npm package
// http-cache-semantics on random requests and responses, and what needs several clients at once on both engines.
//
// The package is fetched once, in the version that is written here, into the user's cache folder. Without node or npm, or
// without a registry, the comparison is skipped.
package httpcache
