// The twins have a module of their own, as an author's plugin has: in the workspace they would get replacements that are for
// our plugins alone.
module github.com/wasmplane/wasmplane/test/bench/twins

go 1.26.0

require (
	github.com/higress-group/proxy-wasm-go-sdk v0.0.0-20251103120604-77e9cce339d2
	github.com/higress-group/wasm-go v1.0.10-0.20260120033417-1c84f010156d
	github.com/tidwall/gjson v1.20.0
	github.com/tidwall/resp v0.1.1
	github.com/tidwall/sjson v1.2.5
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/tidwall/match v1.1.1 // indirect
	github.com/tidwall/pretty v1.2.1 // indirect
)
