package server

import (
	"encoding/json"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/wasmplane/wasmplane/gateway/header"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// AccessLogEntry is one line of the access log. JSON names are those of Higress' default format. Times are in
// milliseconds, sizes in bytes of body.
type AccessLogEntry struct {
	StartTime           time.Time         `json:"start_time"`
	Method              string            `json:"method"`
	Authority           string            `json:"authority"`
	Path                string            `json:"path"`
	Protocol            string            `json:"protocol"`
	RequestID           string            `json:"request_id"`
	RouteName           string            `json:"route_name"`
	UpstreamCluster     string            `json:"upstream_cluster"`
	UpstreamHost        string            `json:"upstream_host"`
	ResponseCode        int               `json:"response_code"`
	ResponseFlags       string            `json:"response_flags"`
	ResponseCodeDetails string            `json:"response_code_details"`
	BytesReceived       uint64            `json:"bytes_received"`
	BytesSent           uint64            `json:"bytes_sent"`
	Duration            int64             `json:"duration"`              // from the first byte in to the last byte out
	RequestDuration     int64             `json:"request_duration"`      // until the last byte in, -1 if it never came
	UpstreamServiceTime int64             `json:"upstream_service_time"` // until the upstream's headers, -1 without any
	DownstreamRemote    string            `json:"downstream_remote_address"`
	DownstreamLocal     string            `json:"downstream_local_address"`
	ForwardedFor        string            `json:"x_forwarded_for"`
	UserAgent           string            `json:"user_agent"`
	RequestedServerName string            `json:"requested_server_name"` // by SNI
	TLSVersion          string            `json:"downstream_tls_version"`
	TransportFailure    string            `json:"upstream_transport_failure_reason,omitempty"`
	CustomLog           string            `json:"custom_log,omitempty"`
	AILog               string            `json:"ai_log,omitempty"`
	LogRequestHeaders   string            `json:"log_request_headers,omitempty"` // this and the next: of log-request-response
	LogRequestBody      string            `json:"log_request_body,omitempty"`
	LogResponseHeaders  string            `json:"log_response_headers,omitempty"`
	LogResponseBody     string            `json:"log_response_body,omitempty"`
	TraceTags           map[string]string `json:"trace_tags,omitempty"`
	// RequestHeaders are as the filters left them; written when the gateway is asked to.
	RequestHeaders map[string][]string `json:"request_headers,omitempty"`
}

// accessLog writes entries as JSON lines and keeps the last ones.
type accessLog struct {
	mu      sync.Mutex
	out     io.Writer
	entries ring[AccessLogEntry]
	changed chan struct{} // closed and replaced on every entry
}

func (a *accessLog) write(entry AccessLogEntry) {
	line, err := json.Marshal(entry)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries.add(entry)
	close(a.changed)
	a.changed = make(chan struct{})
	if err == nil {
		a.out.Write(append(line, '\n'))
	}
}

func (a *accessLog) recent() ([]AccessLogEntry, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.entries.all(), a.changed
}

// logAccess writes the line of a stream that is over.
func (g *Gateway) logAccess(s *stream.Stream) {
	info, h := s.Info(), s.RequestHeaders()
	entry := AccessLogEntry{
		StartTime: info.Start.UTC(), Method: h.Value(":method"), Authority: h.Value(":authority"), Path: h.Value(":path"),
		RequestID: h.Value("x-request-id"), RouteName: info.RouteName, UpstreamCluster: info.ClusterName,
		ResponseCode: info.ResponseCode, ResponseFlags: info.ResponseFlags, ResponseCodeDetails: info.ResponseCodeDetails,
		BytesReceived: info.RequestBytes, BytesSent: info.ResponseBytes,
		Duration: milliseconds(info.Start, info.End), RequestDuration: milliseconds(info.Start, info.RequestReceived),
		UpstreamServiceTime: milliseconds(info.Start, info.UpstreamFirstByte),
		DownstreamRemote:    addressText(info.RemoteAddr), UpstreamHost: addressText(info.UpstreamHost),
		ForwardedFor: h.Value("x-forwarded-for"), UserAgent: h.Value("user-agent"), TransportFailure: info.UpstreamTransportFailure,
		TraceTags: info.TraceTags,
	}
	for name, field := range map[string]*string{
		"custom_log": &entry.CustomLog, "ai_log": &entry.AILog,
		"log-request-headers": &entry.LogRequestHeaders, "log-request-body": &entry.LogRequestBody,
		"log-response-headers": &entry.LogResponseHeaders, "log-response-body": &entry.LogResponseBody,
	} {
		*field = unescapeLog(info.FilterState["wasm."+name])
	}
	if info.Conn != nil {
		entry.Protocol, entry.DownstreamLocal = info.Conn.Protocol, addressText(info.Conn.LocalAddr)
		entry.RequestedServerName, entry.TLSVersion = info.Conn.SNI, info.Conn.TLSVersion
	}
	if g.config.LogRequestHeaders {
		entry.RequestHeaders = headerValues(h)
	}
	g.access.write(entry)
}

func headerValues(h *header.Map) map[string][]string {
	values := map[string][]string{}
	for _, e := range h.Entries() {
		values[e.Name] = append(values[e.Name], e.Value)
	}
	return values
}

func milliseconds(from, to time.Time) int64 {
	if to.IsZero() {
		return -1
	}
	return to.Sub(from).Milliseconds()
}

func addressText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// unescapeLog undoes the escaping that lets a plugin's JSON stand between the quotes of a JSON access log; what was not
// escaped so is taken as it is.
func unescapeLog(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	var text string
	if json.Unmarshal([]byte(`"`+string(value)+`"`), &text) == nil {
		return text
	}
	return string(value)
}
