package codec

import "github.com/wasmplane/wasmplane/gateway/header"

// IsUpgrade reports whether the headers of a request or response ask for or confirm a protocol upgrade: an upgrade
// header, and "upgrade" among the connection options. The HTTP/1 server only delivers such a request when it would turn
// it raw after a 101.
func IsUpgrade(h *header.Map) bool {
	if h.Value("upgrade") == "" {
		return false
	}
	for _, v := range h.Values("connection") {
		if listHas(v, "upgrade") {
			return true
		}
	}
	return false
}

// StripRequestHopByHop takes from a request what Envoy's connection manager takes before any filter sees the headers:
// connection, upgrade and te (but "trailers") unless the request is an upgrade; keep-alive, proxy-connection and
// transfer-encoding always. An upgrade without body declaration gets "content-length: 0", as in Envoy, so that it is
// complete for every upstream. The codec does none of this by itself: the server layer calls it.
func StripRequestHopByHop(h *header.Map) {
	if IsUpgrade(h) {
		if !h.Has("transfer-encoding") && !h.Has("content-length") {
			h.Set("content-length", "0")
		}
	} else {
		h.Remove("connection")
		h.Remove("upgrade")
		stripTE(h)
	}
	h.Remove("keep-alive")
	h.Remove("proxy-connection")
	h.Remove("transfer-encoding")
}

func stripTE(h *header.Map) {
	keep := false
	for _, v := range h.Values("te") {
		keep = keep || listHas(v, "trailers")
	}
	if keep {
		h.Set("te", "trailers")
		return
	}
	h.Remove("te")
}

// StripResponseHopByHop takes from a response what Envoy's connection manager takes before encoding it: connection and
// upgrade unless the response accepts an upgrade (its connection then becomes "upgrade"), keep-alive, proxy-connection
// and transfer-encoding always. The server layer calls it on the response just before Sender.SendHeaders.
func StripResponseHopByHop(h *header.Map) {
	if h.Value(":status") == "101" && h.Has("upgrade") {
		h.Set("connection", "upgrade")
	} else {
		h.Remove("connection")
		h.Remove("upgrade")
	}
	h.Remove("keep-alive")
	h.Remove("proxy-connection")
	h.Remove("transfer-encoding")
}
