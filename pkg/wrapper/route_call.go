package wrapper

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// routeCall is a request that was turned into a call to the route's upstream. Once there is one, the plugin's own
// response handlers do not run for the stream.
type routeCall struct {
	id       string // drawn when a line is written
	callback iface.RouteResponseCallback
	status   int
	headers  [][2]string
	held     bool
}

// RouteCall sends the current request to the route's upstream with another method, URL and body; the answer goes to
// callback, which runs once. The plugin must have held the request headers with HeaderStopIteration; it calls RouteCall
// in the request body phase and returns ActionContinue. Only the URL's host, if it has one, path, query and fragment
// count. Nothing is changed when an error is returned for a bad URL.
func (s *stream) RouteCall(method, rawURL string, headers [][2]string, body []byte, callback iface.RouteResponseCallback) error {
	if s.noRouteCall {
		return errors.New("route call: the plugin is registered with NoRouteCall")
	}
	to, err := parseTarget(rawURL)
	if err != nil {
		return fmt.Errorf("invalid url:%s, err:%w", redactedSize(len(rawURL)), err)
	}
	s.route = &routeCall{callback: callback}
	for _, name := range []string{"accept-encoding", "content-length"} {
		if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
			log.Warn("route call: remove " + name + " failed: " + err.Error())
		}
	}
	replaceForRoute("x-envoy-original-method", s.Method())
	replaceForRoute("x-envoy-original-path", s.Path())
	replaceForRoute("x-envoy-original-host", s.Host())
	replaceForRoute(":method", method)
	path := to.pathAndQuery()
	if to.fragment != "" {
		path += "#" + to.fragment
	}
	replaceForRoute(":path", path)
	if to.host != "" {
		replaceForRoute(":authority", to.host)
	}
	for _, h := range headers {
		replaceForRoute(h[0], h[1])
	}
	if err := proxywasm.ReplaceHttpRequestBody(body); err != nil {
		s.route = nil
		return fmt.Errorf("route call: replace request body: %w", err)
	}
	s.route.logLine("start", ", method:"+method+", url:"+to.redacted()+", cluster:"+RouteCluster{}.clusterForLog()+
		", headers:"+redactedCount(len(headers))+", body:"+redactedSize(len(body)))
	return nil
}

func replaceForRoute(name, value string) {
	if err := proxywasm.ReplaceHttpRequestHeader(name, value); err != nil {
		log.Warn("route call: replace " + name + " failed: " + err.Error())
	}
}

func (r *routeCall) onResponseHeaders(s *stream, endOfStream bool) types.Action {
	r.readHeaders()
	s.paused = true
	if !endOfStream {
		return types.HeaderStopIteration
	}
	r.answer(nil)
	return types.HeaderStopAllIterationAndWatermark
}

func (r *routeCall) readHeaders() {
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("route call: get response headers failed: " + err.Error())
	}
	r.headers, r.status = headers, 500
	for _, h := range headers {
		if h[0] == ":status" {
			r.status, _ = strconv.Atoi(h[1])
		}
	}
}

func (r *routeCall) onResponseBody(s *stream, bodySize int, endOfStream bool) types.Action {
	if r.callback == nil {
		return types.ActionContinue
	}
	if !endOfStream {
		r.held = true
		return types.DataStopIterationAndBuffer
	}
	body, ok := responseDirection.whole(r.held, bodySize)
	if !ok && s.plugin.failClosed {
		s.refuse("internal_error")
		return types.DataStopIterationNoBuffer
	}
	if err := proxywasm.RemoveHttpResponseHeader("content-length"); err != nil {
		log.Warn("route call: remove content-length failed: " + err.Error())
	}
	r.answer(body)
	s.paused = false
	return types.ActionContinue
}

// answer runs the callback, which then is gone.
func (r *routeCall) answer(body []byte) {
	callback := r.callback
	r.callback = nil
	r.logLine("end", ", code:"+decimal(r.status)+", headers:"+redactedCount(len(r.headers))+", body:"+redactedSize(len(body)))
	if callback != nil {
		callback(r.status, r.headers, body)
	}
}

func (r *routeCall) logLine(event, rest string) {
	if !levelEnabled(calloutLevel()) {
		return
	}
	if r.id == "" {
		r.id = newUUID()
	}
	log.UnsafeInfo("route call " + event + ", id:" + r.id + rest)
}
