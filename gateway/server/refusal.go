package server

import (
	"net/http"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// refusal is the filter of a plugin that must not be skipped (FAIL_CLOSE) and whose module could not be fetched: it
// answers 503, as a plugin does whose VM failed.
type refusal struct{ callbacks stream.Callbacks }

var _ stream.Filter = (*refusal)(nil)

func newRefusal(callbacks stream.Callbacks) stream.Filter { return &refusal{callbacks} }

// DecodeHeaders implements stream.Filter.
func (r *refusal) DecodeHeaders(*header.Map, bool) stream.HeadersStatus {
	const unavailable = 14 // the gRPC status
	r.callbacks.SendLocalReply(stream.LocalReply{Code: http.StatusServiceUnavailable, Details: "wasm_fail_stream", GRPCStatus: unavailable})
	return stream.HeadersStopAllIterationAndWatermark
}

// DecodeData implements stream.Filter.
func (r *refusal) DecodeData(*stream.Buffer, bool) stream.DataStatus {
	return stream.DataStopIterationNoBuffer
}

// DecodeTrailers implements stream.Filter.
func (r *refusal) DecodeTrailers(*header.Map) stream.TrailersStatus {
	return stream.TrailersStopIteration
}

// EncodeHeaders implements stream.Filter.
func (r *refusal) EncodeHeaders(*header.Map, bool) stream.HeadersStatus {
	return stream.HeadersContinue
}

// EncodeData implements stream.Filter.
func (r *refusal) EncodeData(*stream.Buffer, bool) stream.DataStatus { return stream.DataContinue }

// EncodeTrailers implements stream.Filter.
func (r *refusal) EncodeTrailers(*header.Map) stream.TrailersStatus { return stream.TrailersContinue }

// OnComplete implements stream.Filter.
func (r *refusal) OnComplete() {}

// OnDestroy implements stream.Filter.
func (r *refusal) OnDestroy() {}
