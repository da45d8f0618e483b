module github.com/wasmplane/wasmplane/extensions

go 1.24.1
