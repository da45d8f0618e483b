package wrapper

import (
	"math"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// ResponseCallback receives the answer to an HTTP call. statusCode is 502, with no headers, if the connection broke or
// the answer was too large; a timeout usually arrives as an answer of the gateway with status 504. `:status` is among
// the headers. The body is nil when empty.
type ResponseCallback func(statusCode int, responseHeaders Header, responseBody []byte)

// HttpClient makes HTTP calls to one cluster. Every method returns nil once the call is dispatched: the callback will
// run after the current handler has returned, unless the stream ends before. On an error the callback never runs.
//
// rawURL may be absolute or a path; scheme and fragment are ignored. The timeout is in milliseconds: 500 if not given,
// and 0 means none.
type HttpClient interface {
	Get(rawURL string, headers [][2]string, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Head(rawURL string, headers [][2]string, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Options(rawURL string, headers [][2]string, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Post(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Put(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Patch(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Delete(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Connect(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Trace(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	Call(method, rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error
	ClusterName() string
}

// ClusterClient implements HttpClient for a cluster.
type ClusterClient[C Cluster] struct {
	cluster C
	name    string // of a cluster whose name never changes
}

var _ HttpClient = ClusterClient[TargetCluster]{}

// NewClusterClient returns a client of cluster.
func NewClusterClient[C Cluster](cluster C) *ClusterClient[C] {
	name, _ := fixedClusterName(cluster)
	return &ClusterClient[C]{cluster: cluster, name: name}
}

// ClusterName is the name of the client's cluster.
func (c ClusterClient[C]) ClusterName() string {
	if c.name != "" {
		return c.name
	}
	return c.cluster.ClusterName()
}

// Get calls with method GET.
func (c ClusterClient[C]) Get(rawURL string, headers [][2]string, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("GET", rawURL, headers, nil, cb, timeoutMillisecond...)
}

// Head calls with method HEAD.
func (c ClusterClient[C]) Head(rawURL string, headers [][2]string, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("HEAD", rawURL, headers, nil, cb, timeoutMillisecond...)
}

// Options calls with method OPTIONS.
func (c ClusterClient[C]) Options(rawURL string, headers [][2]string, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("OPTIONS", rawURL, headers, nil, cb, timeoutMillisecond...)
}

// Post calls with method POST.
func (c ClusterClient[C]) Post(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("POST", rawURL, headers, body, cb, timeoutMillisecond...)
}

// Put calls with method PUT.
func (c ClusterClient[C]) Put(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("PUT", rawURL, headers, body, cb, timeoutMillisecond...)
}

// Patch calls with method PATCH.
func (c ClusterClient[C]) Patch(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("PATCH", rawURL, headers, body, cb, timeoutMillisecond...)
}

// Delete calls with method DELETE.
func (c ClusterClient[C]) Delete(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("DELETE", rawURL, headers, body, cb, timeoutMillisecond...)
}

// Connect calls with method CONNECT.
func (c ClusterClient[C]) Connect(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("CONNECT", rawURL, headers, body, cb, timeoutMillisecond...)
}

// Trace calls with method TRACE.
func (c ClusterClient[C]) Trace(rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return c.Call("TRACE", rawURL, headers, body, cb, timeoutMillisecond...)
}

// Call calls with the given method.
func (c ClusterClient[C]) Call(method, rawURL string, headers [][2]string, body []byte, cb ResponseCallback, timeoutMillisecond ...uint32) error {
	return httpCall(c.ClusterName(), c.cluster, method, rawURL, headers, body, cb, timeoutMillisecond)
}

// HttpCall makes one call to cluster; see HttpClient.
func HttpCall(cluster Cluster, method, rawURL string, headers [][2]string, body []byte,
	callback ResponseCallback, timeoutMillisecond ...uint32) error {
	return httpCall(cluster.ClusterName(), cluster, method, rawURL, headers, body, callback, timeoutMillisecond)
}

const defaultCallTimeout = 500 // ms

func httpCall(clusterName string, cluster Cluster, method, rawURL string, headers [][2]string, body []byte,
	callback ResponseCallback, timeouts []uint32) error {
	to, err := parseTarget(rawURL)
	if err != nil {
		log.Critical("invalid rawURL: ***(" + decimal(len(rawURL)) + " bytes)")
		return err
	}
	timeout := uint32(defaultCallTimeout)
	if len(timeouts) > 0 {
		timeout = timeouts[0]
	}
	authority := to.host
	if authority == "" {
		authority = cluster.HostName()
	}
	if authority == "" {
		authority = "unknownhost"
	}
	call := newCallout()
	_, err = proxywasm.DispatchHttpCall(clusterName, callHeaders(headers, method, to.pathAndQuery(), authority), body, nil,
		timeout, func(_, bodySize, _ int) {
			call.answered(func() { call.deliverHTTP(callback, bodySize) })
		})
	if err != nil {
		return err
	}
	call.started()
	if levelEnabled(calloutLevel()) {
		log.UnsafeInfo("http call start, id: " + call.logID() + ", cluster: " + clusterName + ", method: " + method +
			", url: " + to.redacted() + ", headers: " + redactedCount(len(headers)) +
			", body: " + redactedSize(len(body)) + ", timeout: " + decimal(int(timeout)))
	}
	return nil
}

// callHeaders copies the caller's headers, without the pseudo headers that the call sets itself.
func callHeaders(headers [][2]string, method, path, authority string) [][2]string {
	all := make([][2]string, 0, len(headers)+3)
	for _, h := range headers {
		switch strings.ToLower(h[0]) {
		case ":method", ":path", ":authority":
		default:
			all = append(all, h)
		}
	}
	return append(all, [2]string{":method", method}, [2]string{":path", path}, [2]string{":authority", authority})
}

func (c *callout) deliverHTTP(callback ResponseCallback, bodySize int) {
	status, normal := 502, false
	header := Header{}
	pairs, err := proxywasm.GetHttpCallResponseHeaders()
	if err != nil {
		log.Critical("failed to get response headers: " + err.Error())
	} else {
		status, normal = callStatus(pairs)
		header = canonicalHeader(pairs)
	}
	var body []byte
	if bodySize > 0 {
		body, _ = proxywasm.GetHttpCallResponseBody(0, math.MaxInt32)
	}
	if levelEnabled(calloutLevel()) {
		log.UnsafeInfo("http call end, id: " + c.logID() + ", code: " + decimal(status) + ", normal: " +
			strconv.FormatBool(normal) + ", body: " + redactedSize(len(body)))
	}
	if callback != nil {
		callback(status, header, body)
	}
}

// callStatus returns 500 for a status that is not a number.
func callStatus(pairs [][2]string) (status int, normal bool) {
	for _, h := range pairs {
		if h[0] != ":status" {
			continue
		}
		if status, err := strconv.Atoi(h[1]); err == nil {
			return status, true
		}
	}
	return 500, false
}

// canonicalHeader fills the map with slices of one array: most names occur once.
func canonicalHeader(pairs [][2]string) Header {
	header := make(Header, len(pairs))
	values := make([]string, len(pairs))
	for i, h := range pairs {
		name := canonicalHeaderKey(h[0])
		values[i] = h[1]
		if earlier, ok := header[name]; ok {
			header[name] = append(earlier, h[1])
			continue
		}
		header[name] = values[i : i+1 : i+1]
	}
	return header
}
