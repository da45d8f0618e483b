package plugin

import (
	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

const lastGRPCStatus = 16

// Root implements abi.Context.
func (f *filter) Root() abi.RootContext { return f.root }

// Log implements abi.Context.
func (f *filter) Log(level abi.LogLevel, message string) { f.root.Log(level, message) }

// ForeignFunction implements abi.Context.
func (f *filter) ForeignFunction(name string, argument []byte) ([]byte, abi.Status) {
	return f.root.foreign(f, name, argument)
}

// ReleaseRequest implements abi.Context.
func (f *filter) ReleaseRequest() {
	f.request.headers, f.request.trailers, f.request.body = nil, nil, nil
	f.request.buffered, f.request.bodySeen = false, false
}

// ContinueStream implements abi.Context. A resume from within the very callback that then stops is ignored.
func (f *filter) ContinueStream(t abi.StreamType) {
	if f.destroyed {
		return
	}
	switch t {
	case abi.StreamRequest:
		if !f.request.inCallback && !f.callbacks.LocalReplied() {
			f.callbacks.ContinueDecoding()
		}
	case abi.StreamResponse:
		if !f.response.inCallback {
			f.callbacks.ContinueEncoding()
		}
	}
}

// CloseStream implements abi.Context.
func (f *filter) CloseStream(t abi.StreamType) {
	if !f.destroyed && (t == abi.StreamRequest || t == abi.StreamResponse) {
		f.callbacks.ResetStream("wasm_close_stream")
	}
}

// SendLocalResponse implements abi.Context.
func (f *filter) SendLocalResponse(r abi.LocalResponse) {
	if f.destroyed {
		return
	}
	// Whatever callback runs now, its answer counts no more, even when an earlier reply is the one that is sent.
	f.request.replied, f.response.replied = true, true
	if f.replied && !f.root.plugin.spec.Module.Profile().RepliesReplace() {
		return
	}
	f.replied = true
	reply := stream.LocalReply{Code: int(r.Code), Body: r.Body, Headers: r.Headers,
		Details: f.root.plugin.replyDetails(r.Details), GRPCStatus: stream.NoGRPCStatus}
	if r.GRPCStatus <= lastGRPCStatus {
		reply.GRPCStatus = int(r.GRPCStatus)
	}
	f.callbacks.SendLocalReply(reply)
}

func (p *Plugin) replyDetails(details string) string {
	full := "via_wasm"
	for _, part := range []string{p.spec.Name, details} {
		if part != "" {
			full += "::" + part
		}
	}
	return full
}

// InjectEncodedData implements abi.Context.
func (f *filter) InjectEncodedData(data []byte, endStream bool) {
	if !f.destroyed {
		f.callbacks.InjectEncodedData(data, endStream)
	}
}

// UpstreamHosts implements abi.Context.
func (f *filter) UpstreamHosts() [][2]string {
	if f.destroyed {
		return nil
	}
	route := f.callbacks.Route()
	if route == nil || route.Cluster == "" {
		return nil
	}
	return f.root.worker().callouts.UpstreamHosts(route.Cluster)
}

// SetUpstreamOverrideHost implements abi.Context.
func (f *filter) SetUpstreamOverrideHost(address string) {
	if !f.destroyed {
		f.callbacks.SetUpstreamOverrideHost(address)
	}
}

// ClearRouteCache implements abi.Context. The property clear_route_cache can switch it off.
func (f *filter) ClearRouteCache() {
	if !f.destroyed && !f.keepRouteCache {
		f.callbacks.ClearRouteCache()
	}
}
