package wrapper

import (
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/wasm-go/pkg/iface"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// stream is the part of an HTTP context that does not depend on the configuration type. Everything that most streams do
// not need is allocated on first use.
type stream struct {
	plugin *plugin
	phase  iface.HTTPExecutionPhase

	// What the header phases announced.
	requestSeen, requestHasBody   bool
	responseSeen, responseHasBody bool

	// How bodies are delivered to the plugin.
	wantRequestBody, wantResponseBody     bool
	requestOmitted, responseOmitted       omission // why not, where that was not the plugin's wish
	streamRequestBody, streamResponseBody bool
	requestBody, responseBody             bodyProgress
	pauseStreamingResponse                bool
	holding                               bool // HoldRequestBody was called for the chunk at hand

	paused      bool  // the last phase callback stopped
	refused     bool  // the SDK answered; no more handlers
	callouts    int   // call-outs started so far
	binary      uint8 // response body: 0 not looked at, 1 text, 2 binary
	noRouteCall bool

	headers   requestHeaders
	requestID string

	values     map[string]interface{}
	attributes map[string]interface{}
	queue      [][]byte
	route      *routeCall
}

// bodyProgress is how far one direction's body has come.
type bodyProgress struct {
	held bool // an earlier chunk is in the host's buffer
	over bool // the handler has had the end
}

// GetExecutionPhase returns the last phase entered, so a callback sees the phase in which the stream is parked.
func (s *stream) GetExecutionPhase() iface.HTTPExecutionPhase { return s.phase }

// HasRequestBody is false exactly if the request headers came with the end of the stream.
func (s *stream) HasRequestBody() bool { return !s.requestSeen || s.requestHasBody }

// HasResponseBody is false exactly if the response headers came with the end of the stream.
func (s *stream) HasResponseBody() bool { return !s.responseSeen || s.responseHasBody }

// DontReadRequestBody keeps the request body handlers from running from now on.
func (s *stream) DontReadRequestBody() { s.wantRequestBody, s.requestOmitted = false, nothingOmitted }

// DontReadResponseBody keeps the response body handlers from running from now on.
func (s *stream) DontReadResponseBody() {
	s.wantResponseBody, s.responseOmitted = false, nothingOmitted
}

// BufferRequestBody has the buffered handler serve this stream although a streaming one is set.
func (s *stream) BufferRequestBody() { s.streamRequestBody = false }

// BufferResponseBody has the buffered handler serve this stream although a streaming one is set.
func (s *stream) BufferResponseBody() { s.streamResponseBody = false }

// NeedPauseStreamingResponse withholds every chunk of the response after the streaming handler has seen it. The plugin
// sends what it wants with proxywasm.InjectEncodedDataToFilterChain and must end with endStream true.
func (s *stream) NeedPauseStreamingResponse() { s.pauseStreamingResponse = true }

// PushBuffer appends to the stream's queue. The slice is not copied.
func (s *stream) PushBuffer(buffer []byte) { s.queue = append(s.queue, buffer) }

// PopBuffer takes the oldest entry off the queue; nil if it is empty.
func (s *stream) PopBuffer() []byte {
	if len(s.queue) == 0 {
		return nil
	}
	first := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	return first
}

// BufferQueueSize is the number of entries in the queue.
func (s *stream) BufferQueueSize() int { return len(s.queue) }

// DisableReroute keeps this plugin's later header edits on this stream from having the route computed again.
func (s *stream) DisableReroute() { setProperty("clear_route_cache", "off") }

// SetRequestBodyBufferLimit sets the stream's buffer limit in bytes. The gateway has one limit for both directions.
func (s *stream) SetRequestBodyBufferLimit(size uint32) {
	setProperty("set_decoder_buffer_limit", decimal(int(size)))
}

// SetResponseBodyBufferLimit sets the stream's buffer limit in bytes. The gateway has one limit for both directions.
func (s *stream) SetResponseBodyBufferLimit(size uint32) {
	setProperty("set_encoder_buffer_limit", decimal(int(size)))
}

func setProperty(name, value string) {
	if err := proxywasm.SetProperty([]string{name}, []byte(value)); err != nil {
		log.Warn("set property " + name + " failed: " + err.Error())
		return
	}
	log.Debug("set property " + name + ": " + value)
}
