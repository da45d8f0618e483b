module github.com/wasmplane/wasmplane/test

go 1.26.0

require (
	github.com/higress-group/proxy-wasm-go-sdk v0.0.0-20251103120604-77e9cce339d2
	github.com/higress-group/wasm-go v1.0.10-0.20260120033417-1c84f010156d
	github.com/stretchr/testify v1.12.1
	github.com/tidwall/gjson v1.20.0
	github.com/tidwall/resp v0.1.1
	github.com/wasmplane/wasmplane/gateway v0.0.0
	github.com/wasmplane/wasmplane/pkg v0.0.0
)

replace (
	github.com/wasmplane/wasmplane/gateway => ../gateway
	github.com/wasmplane/wasmplane/pkg => ../pkg
)
