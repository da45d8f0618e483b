package server

import (
	"strconv"
	"time"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// router is the end of the request path: it sends the request to an endpoint of the route's cluster, and the answer
// into the stream. Its stream.Upstream methods run on the worker; the codec's events are posted there.
type router struct {
	gateway *Gateway
	worker  *worker
	stream  *stream.Stream
	route   *stream.Route
	cluster *upstream.Cluster
	sender  codec.Sender // nil until there is an upstream request
	sent    time.Time
	intake  intake

	cancelTimeout func()
	throttled     int  // ReadDisable(true) from before there was a sender
	began         bool // response headers arrived
	done          bool // nothing of the upstream counts any more
}

var _ stream.Upstream = (*router)(nil)
var _ codec.Receiver = (*router)(nil)

// DecodeHeaders implements stream.Upstream, as the next four.
func (r *router) DecodeHeaders(h *header.Map, endStream bool) {
	r.route = r.stream.Route()
	if r.route == nil {
		r.refuse(404, "route_not_found", "NR", "")
		return
	}
	if r.route.DirectResponse.Code != 0 {
		r.done = true
		r.stream.SendLocalReply(r.route.DirectResponse)
		return
	}
	r.cluster = r.gateway.clusters.Cluster(r.route.Cluster)
	if r.cluster == nil {
		r.refuse(503, "cluster_not_found", "NC", "")
		return
	}
	address, ok := r.cluster.Pick(r.stream.OverrideHost())
	if !ok {
		r.refuse(503, "no_healthy_upstream", "UH", "no healthy upstream")
		return
	}
	info := r.stream.Info()
	info.UpstreamHost, info.ClusterName = address, r.cluster.Name()
	r.sent = time.Now()
	r.cluster.Active.Add(1)
	r.sender = r.cluster.Request(address, r)
	r.intake.disable = r.sender.ReadDisable
	for range r.throttled {
		r.sender.ReadDisable(true)
	}
	r.sender.SendHeaders(upstreamHeaders(h, r.route), endStream)
	r.requestSent(endStream)
}

// upstreamHeaders are the request headers as the upstream gets them. h is not changed.
func upstreamHeaders(h *header.Map, route *stream.Route) *header.Map {
	out := h.Clone()
	if route.RewritePath != nil {
		before := out.Value(":path")
		if path := route.RewritePath(before); path != before {
			out.Set("x-envoy-original-path", before)
			out.Set(":path", path)
		}
	}
	if route.RewriteHost != "" {
		out.Set(":authority", route.RewriteHost)
	}
	if route.Timeout > 0 {
		out.Set("x-envoy-expected-rq-timeout-ms", strconv.FormatInt(route.Timeout.Milliseconds(), 10))
	}
	return out
}

func (r *router) DecodeData(data []byte, endStream bool) {
	if r.done {
		return
	}
	r.sender.SendData(data, endStream)
	r.requestSent(endStream)
}

func (r *router) DecodeTrailers(t *header.Map) {
	if r.done {
		return
	}
	r.sender.SendTrailers(t)
	r.requestSent(true)
}

func (r *router) Reset() {
	if r.finish() && r.sender != nil {
		r.sender.Reset()
	}
}

func (r *router) ReadDisable(disable bool) {
	switch {
	case r.done:
	case r.sender != nil:
		r.sender.ReadDisable(disable)
	case disable:
		r.throttled++
	default:
		r.throttled--
	}
}

// requestSent starts the route's timeout once the request is complete.
func (r *router) requestSent(end bool) {
	if !end || r.done || r.route.Timeout == 0 {
		return
	}
	r.cancelTimeout = r.worker.loop.After(r.route.Timeout, func() {
		if !r.finish() {
			return
		}
		r.sender.Reset()
		r.cluster.Failures.Add(1)
		r.stream.OnUpstreamReset(stream.LocalReply{
			Code: 504, Body: []byte("upstream request timeout"), Details: "response_timeout", GRPCStatus: stream.NoGRPCStatus,
		}, "UT")
	})
}

// refuse answers a request that goes nowhere.
func (r *router) refuse(code int, details, flags, body string) {
	r.done = true
	r.stream.Info().AddResponseFlags(flags)
	r.stream.SendLocalReply(stream.LocalReply{Code: code, Body: []byte(body), Details: details, GRPCStatus: stream.NoGRPCStatus})
}

// finish ends the router's interest in the upstream; false if it had ended already.
func (r *router) finish() bool {
	if r.done {
		return false
	}
	r.done = true
	if r.cancelTimeout != nil {
		r.cancelTimeout()
	}
	if r.sender != nil {
		r.cluster.Active.Add(-1)
	}
	return true
}

// noteConnection tells properties where the upstream connection comes from.
func (r *router) noteConnection() {
	if c, ok := r.sender.(codec.ConnInfo); ok {
		r.stream.Info().UpstreamLocal, _ = c.ConnInfo()
	}
}

// OnHeaders implements codec.Receiver, as the next four: the upstream's answer.
func (r *router) OnHeaders(h *header.Map, endStream bool) {
	at := time.Now()
	r.worker.loop.Post(func() {
		if r.done {
			return
		}
		r.began = true
		r.noteConnection()
		if endStream {
			r.finish()
		}
		codec.StripResponseHopByHop(h)
		h.Set("x-envoy-upstream-service-time", strconv.FormatInt(at.Sub(r.sent).Milliseconds(), 10))
		if code, _ := strconv.Atoi(h.Value(":status")); code >= 500 {
			r.cluster.Failures.Add(1)
		}
		r.stream.OnUpstreamHeaders(h, endStream)
	})
}

func (r *router) OnData(data []byte, endStream bool) {
	r.intake.add(len(data))
	r.worker.loop.Post(func() {
		r.intake.taken(len(data))
		if r.done {
			return
		}
		if endStream {
			r.finish()
		}
		r.stream.OnUpstreamData(data, endStream)
	})
}

func (r *router) OnTrailers(t *header.Map) {
	r.worker.loop.Post(func() {
		if r.finish() {
			r.stream.OnUpstreamTrailers(t)
		}
	})
}

func (r *router) OnReset(err *codec.ResetError) {
	r.worker.loop.Post(func() {
		if !r.finish() {
			return
		}
		r.cluster.Failures.Add(1)
		r.noteConnection()
		failure := upstreamFailure(err)
		r.stream.Info().UpstreamTransportFailure = failure.transport
		r.stream.OnUpstreamReset(failure.reply(r.began), failure.flags)
	})
}

func (r *router) OnWriteBuffer(high bool) {
	r.worker.loop.Post(func() {
		if !r.done {
			r.stream.OnUpstreamWriteBuffer(high)
		}
	})
}
