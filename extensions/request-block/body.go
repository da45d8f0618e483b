package main

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// awaitBody decides how the body is examined. Bodies that may be large or endless go through chunk by chunk, the others
// are held back as a whole. The headers wait for the verdict, except where the client may wait for an answer before it
// sends anything.
func awaitBody(ctx wrapper.HttpContext) types.Action {
	if !ctx.HasRequestBody() || ctx.IsWebsocket() {
		return types.HeaderContinue
	}
	kind := kindOf(wrapper.RequestHeaders(ctx))
	switch {
	case kind.compressed:
		ctx.DontReadRequestBody()
		return types.HeaderContinue
	case kind.grpc:
		return types.HeaderContinue
	case kind.binary:
		return types.HeaderStopIteration
	}
	ctx.BufferRequestBody()
	return types.HeaderStopIteration
}

// bodyKind is what the headers say about a body.
type bodyKind struct {
	compressed bool
	grpc       bool
	binary     bool // any data, or some encoding that does not compress
}

func kindOf(headers [][2]string) bodyKind {
	var k bodyKind
	for i := range headers {
		value := headers[i][1]
		switch headers[i][0] {
		case "content-type":
			k.grpc = k.grpc || strings.Contains(value, "grpc")
			k.binary = k.binary || strings.Contains(value, "octet-stream")
		case "content-encoding":
			k.binary = k.binary || value != ""
			k.compressed = k.compressed || compresses(value)
		}
	}
	return k
}

// compresses reports whether a list of content codings names one that compresses.
func compresses(codings string) bool {
	for codings != "" {
		var coding string
		coding, codings, _ = strings.Cut(codings, ",")
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz":
			return true
		}
	}
	return false
}

// onRequestBody examines a body that was held back as a whole.
func onRequestBody(_ wrapper.HttpContext, config Config, body []byte) types.Action {
	s := search{keywords: config.bodies}
	if !found(&s, body) {
		return types.ActionContinue
	}
	refuse(&config, bodyDetails)
	return types.DataStopIterationNoBuffer
}

// bodySearchKey is where a stream keeps its search between chunks.
const bodySearchKey = "body"

// bodySearch is the search through a body that is passed on chunk by chunk.
type bodySearch struct {
	search
	blocked bool
}

// onRequestBodyChunk passes a chunk on once it is examined. A string that is split between chunks is found with its
// last byte.
func onRequestBodyChunk(ctx wrapper.HttpContext, config Config, chunk []byte, _ bool) []byte {
	s, started := ctx.GetContext(bodySearchKey).(*bodySearch)
	if !started {
		s = &bodySearch{search: search{keywords: config.bodies}}
		ctx.SetContext(bodySearchKey, s)
	}
	if s.blocked {
		return nil
	}
	if !found(&s.search, chunk) {
		return chunk
	}
	s.blocked = true
	refuse(&config, bodyDetails)
	return nil
}
