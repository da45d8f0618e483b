module github.com/wasmplane/wasmplane/test

go 1.26.0
