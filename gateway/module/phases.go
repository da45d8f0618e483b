package module

// Phases is what a plugin built with this project's SDK answers to the export wasmplane_phases. The bits are those of
// pkg/wrapper.
type Phases uint32

// Phases of a plugin.
const (
	RequestHeaders        Phases = 1 << 0
	RequestBodyBuffered   Phases = 1 << 1
	RequestBodyStreaming  Phases = 1 << 2
	RequestTrailers       Phases = 1 << 3
	ResponseHeaders       Phases = 1 << 4
	ResponseBodyBuffered  Phases = 1 << 5
	ResponseBodyStreaming Phases = 1 << 6
	ResponseTrailers      Phases = 1 << 7
	StreamDone            Phases = 1 << 8
	RouteCall             Phases = 1 << 9
	phasesKnown           Phases = 1 << 30
)

// phaseNames are the names in the metadata section, by bit.
var phaseNames = [...]string{"request-headers", "request-body", "request-body-streaming", "request-trailers",
	"response-headers", "response-body", "response-body-streaming", "response-trailers", "stream-done", "route-call"}

// Names lists the phases.
func (p Phases) Names() []string {
	var names []string
	for i, name := range phaseNames {
		if p&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// droppable maps each export that may go to the phases that need it. Exports that are not here stay: contexts, start,
// configuration, ticks, queues, call-outs and delete are decided at run time.
var droppable = map[string]Phases{
	"proxy_on_request_headers":             RequestHeaders,
	"proxy_on_request_body":                RequestBodyBuffered | RequestBodyStreaming,
	"proxy_on_request_trailers":            RequestTrailers,
	"proxy_on_response_headers":            ResponseHeaders | ResponseBodyBuffered | ResponseBodyStreaming | RouteCall,
	"proxy_on_response_body":               ResponseBodyBuffered | ResponseBodyStreaming | RouteCall,
	"proxy_on_response_trailers":           ResponseTrailers | RouteCall,
	"proxy_on_log":                         StreamDone,
	"proxy_on_done":                        0,
	"proxy_on_new_connection":              0,
	"proxy_on_downstream_data":             0,
	"proxy_on_downstream_connection_close": 0,
	"proxy_on_upstream_data":               0,
	"proxy_on_upstream_connection_close":   0,
}
