package plugin

import (
	"net/http"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// failDetails are the response code details of a stream that a failed VM ended.
const failDetails = "wasm_fail_stream"

const grpcUnavailable = 14

func failReply() stream.LocalReply {
	return stream.LocalReply{Code: http.StatusServiceUnavailable, Details: failDetails, GRPCStatus: grpcUnavailable}
}

// failed deals with a callback that cannot enter the guest, or in which the guest trapped. It reports whether the
// stream goes on without the plugin.
func (f *filter) failed() (goesOn bool) {
	if f.root.plugin.spec.FailOpen {
		return true
	}
	if f.refused {
		return false
	}
	if f.callbacks.LocalReplied() && f.callbacks.Info().ResponseCodeDetails == failDetails {
		return true // another plugin of the same VM refused the stream already
	}
	f.refused = true
	f.root.host().counters.refused.add(1)
	if f.callbacks.LocalReplied() {
		// Another filter's reply is on its way and cannot be replaced; what this plugin would have done to it is
		// unknown, so the stream ends.
		f.callbacks.ResetStream(failDetails)
		return false
	}
	f.callbacks.SendLocalReply(failReply())
	return false
}

func (f *filter) failHeaders() stream.HeadersStatus {
	if f.failed() {
		return stream.HeadersContinue
	}
	return stream.HeadersStopAllIterationAndWatermark
}

func (f *filter) failData() stream.DataStatus {
	if f.failed() {
		return stream.DataContinue
	}
	return stream.DataStopIterationNoBuffer
}

func (f *filter) failTrailers() stream.TrailersStatus {
	if f.failed() {
		return stream.TrailersContinue
	}
	return stream.TrailersStopIteration
}

// refusal is the filter of a plugin that must not be skipped and has no VM: it answers 503.
type refusal struct {
	host      *Host
	callbacks stream.Callbacks
}

var _ stream.Filter = (*refusal)(nil)

// DecodeHeaders implements stream.Filter.
func (r *refusal) DecodeHeaders(*header.Map, bool) stream.HeadersStatus {
	r.host.counters.refused.add(1)
	r.callbacks.SendLocalReply(failReply())
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
