package bench

import (
	"encoding/binary"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// base is what root and stream contexts have in common.
type base struct {
	request *Request
	log     func(abi.LogLevel, string)
	root    *root
}

func (b *base) Log(level abi.LogLevel, text string) { b.log(level, text) }
func (b *base) HeaderMap(abi.MapType, abi.Access) (*header.Map, abi.Status) {
	return nil, abi.BadArgument
}
func (b *base) Buffer(abi.BufferType) (abi.Buffer, bool, abi.Status) { return nil, false, abi.NotFound }
func (b *base) Property(path string) ([]byte, abi.Status) {
	switch path {
	case "route_name", "xds\x00route_name":
		return []byte(b.request.RouteName), abi.OK
	case "cluster_name", "xds\x00cluster_name":
		return []byte(b.request.ClusterName), abi.OK
	case "plugin_name":
		return []byte("higress-system.bench"), abi.OK
	}
	if value, ok := b.request.Properties[path]; ok {
		return []byte(value), abi.OK
	}
	return nil, abi.NotFound
}
func (b *base) SetProperty(string, []byte) abi.Status { return abi.OK }
func (b *base) ForeignFunction(name string, _ []byte) ([]byte, abi.Status) {
	if name == "get_log_level" {
		return binary.LittleEndian.AppendUint32(nil, uint32(abi.LogWarn)), abi.OK
	}
	return nil, abi.NotFound
}
func (b *base) ReleaseRequest()                     {}
func (b *base) ContinueStream(abi.StreamType)       {}
func (b *base) CloseStream(abi.StreamType)          {}
func (b *base) SendLocalResponse(abi.LocalResponse) {}
func (b *base) InjectEncodedData([]byte, bool)      {}
func (b *base) UpstreamHosts() [][2]string          { return nil }
func (b *base) SetUpstreamOverrideHost(string)      {}
func (b *base) ClearRouteCache()                    {}
func (b *base) Root() abi.RootContext               { return b.root }

type pendingCall struct {
	token uint32
	redis bool
}

// root is the root context. Its call-outs are answered when the guest has returned.
type root struct {
	base
	pending []pendingCall
	last    uint32
}

func (r *root) HTTPCall(abi.HTTPCall) (uint32, abi.Status) { return r.callOut(false), abi.OK }
func (r *root) RedisInit(string, string, string, time.Duration) abi.Status {
	return abi.OK
}
func (r *root) RedisCall(string, []byte) (uint32, abi.Status) { return r.callOut(true), abi.OK }
func (r *root) SetTickPeriod(time.Duration) abi.Status        { return abi.OK }
func (r *root) RegisterQueue(string) uint32                   { return 1 }
func (r *root) Done() abi.Status                              { return abi.NotFound }

func (r *root) callOut(redis bool) uint32 {
	r.last += 4
	r.pending = append(r.pending, pendingCall{r.last, redis})
	return r.last
}

// streamContext is one request.
type streamContext struct {
	base
	requestHeaders, responseHeaders *header.Map
	requestBody, responseBody       body
	replied                         uint32
}

func (s *streamContext) HeaderMap(m abi.MapType, _ abi.Access) (*header.Map, abi.Status) {
	switch {
	case m == abi.RequestHeaders:
		return s.requestHeaders, abi.OK
	case m == abi.ResponseHeaders && s.responseHeaders != nil:
		return s.responseHeaders, abi.OK
	}
	return nil, abi.BadArgument
}

func (s *streamContext) Buffer(b abi.BufferType) (abi.Buffer, bool, abi.Status) {
	switch b {
	case abi.RequestBody:
		return &s.requestBody, true, abi.OK
	case abi.ResponseBody:
		return &s.responseBody, true, abi.OK
	}
	return nil, false, abi.NotFound
}

func (s *streamContext) SendLocalResponse(r abi.LocalResponse) { s.replied = r.Code }

// body is a run of bytes. What the host puts in belongs to the request and is not written to.
type body struct {
	data   []byte
	edited bool // by the guest: data is no longer a part of the request's body
}

func (b *body) Len() int      { return len(b.data) }
func (b *body) Bytes() []byte { return b.data }
func (b *body) Append(p []byte) {
	if !b.edited {
		b.data, b.edited = b.data[:len(b.data):len(b.data)], true
	}
	b.data = append(b.data, p...)
}
func (b *body) Splice(n int, p []byte) {
	b.data, b.edited = append(append(make([]byte, 0, len(p)+max(len(b.data)-n, 0)), p...), b.data[min(n, len(b.data)):]...), true
}
