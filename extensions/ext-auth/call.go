package main

import (
	"math"
	"net/url"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// ask calls the service, with the target byte for byte. If it returns an error, answered is never called.
func (s *service) ask(method, target string, headers [][2]string, body []byte, answered wrapper.ResponseCallback) error {
	if survivesParsing(target) {
		return s.client.Call(method, target, headers, body, answered, s.timeout)
	}
	return s.askAsIs(method, target, headers, body, answered)
}

// survivesParsing tells whether the SDK's client, which parses what it is asked for as a URL, sends it as it is.
func survivesParsing(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return false
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path == target
}

// askAsIs is ask without the SDK's client, for paths such as /%zz.
func (s *service) askAsIs(method, target string, headers [][2]string, body []byte, answered wrapper.ResponseCallback) error {
	all := append(headers[:len(headers):len(headers)], [2]string{":method", method}, [2]string{":path", target},
		[2]string{":authority", s.cluster.HostName()})
	_, err := proxywasm.DispatchHttpCall(s.client.ClusterName(), all, body, nil, s.timeout, func(_, size, _ int) {
		guarded(func() { deliver(size, answered) })
	})
	return err
}

// deliver calls answered as the SDK's client does.
func deliver(size int, answered wrapper.ResponseCallback) {
	pairs, err := proxywasm.GetHttpCallResponseHeaders()
	if err != nil {
		answered(502, nil, nil)
		return
	}
	status, headers := 500, wrapper.Header{}
	for _, h := range pairs {
		if h[0] != ":status" {
			headers.Add(h[0], h[1])
		} else if n, err := strconv.Atoi(h[1]); err == nil {
			status = n
		}
	}
	var body []byte
	if size > 0 {
		body, _ = proxywasm.GetHttpCallResponseBody(0, math.MaxInt32)
	}
	answered(status, headers, body)
}

// guarded runs the callback of a call; a panic in it refuses the request, as it does in the SDK.
func guarded(callback func()) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Error(refusal.PanicText(cause))
			refusal.Send(500, internalError, nil, nil)
		}
	}()
	callback()
}
