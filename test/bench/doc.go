// Command bench measures the project's plugins against twins on github.com/higress-group/wasm-go that do the same job:
// in process on wazero, and on an Envoy where there is one. All subjects of a comparison take turns in one run, so that
// ratios mean something on a busy machine. It prints tables and writes bench.json and bench.svg. What the numbers mean
// is in docs/performance.md.
package main
