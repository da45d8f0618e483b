package echo

import (
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/echo/websocket"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// maxBody is how much of a request body is read; more is answered with 413.
const maxBody = 64 << 20

// Stream answers one request. It is a codec.Receiver, so that another server can put the echo behind its own listener.
type Stream struct {
	conn   *codec.Conn
	out    *Paced
	head   *header.Map
	body   body
	socket *socket
	done   bool // the answer began; the rest of the request is of no interest
}

// NewStream returns the receiver of a request whose answer goes to s.
func NewStream(conn *codec.Conn, s codec.Sender) *Stream {
	return &Stream{conn: conn, out: NewPaced(s)}
}

// OnHeaders implements codec.Receiver.
func (x *Stream) OnHeaders(h *header.Map, endStream bool) {
	x.head = h
	if !endStream && isWebsocket(h) {
		x.socket = &socket{out: x.out}
		respond(x.out, "101", "upgrade", "websocket", "connection", "upgrade",
			"sec-websocket-accept", websocket.Accept(h.Value("sec-websocket-key")))
		return
	}
	if endStream {
		x.answer()
	}
}

// OnData implements codec.Receiver.
func (x *Stream) OnData(data []byte, endStream bool) {
	if x.socket != nil {
		x.socket.receive(data, endStream)
		return
	}
	if x.done {
		return
	}
	x.body.write(data)
	if x.body.size > maxBody {
		x.done = true
		x.reply("413", "text/plain", []byte("the echo upstream reads 64 MiB\n"))
		return
	}
	if endStream {
		x.answer()
	}
}

// OnTrailers implements codec.Receiver.
func (x *Stream) OnTrailers(*header.Map) {
	if !x.done && x.socket == nil {
		x.answer()
	}
}

// OnReset implements codec.Receiver.
func (x *Stream) OnReset(*codec.ResetError) { x.out.Stop() }

// OnWriteBuffer implements codec.Receiver.
func (x *Stream) OnWriteBuffer(high bool) { x.out.Throttle(high) }

// answer chooses by the path what to answer. What takes time or space goes on in a goroutine.
func (x *Stream) answer() {
	x.done = true
	path, _, _ := strings.Cut(x.head.Value(":path"), "?")
	kind, number, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	n, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || n < 0 {
		kind = ""
	}
	switch kind {
	case "status":
		if n < 200 || n > 599 {
			x.reply("400", "text/plain", []byte("the status must be between 200 and 599\n"))
			return
		}
		x.reply(strconv.Itoa(int(n)), "", nil)
	case "delay":
		go x.delayed(min(n, maxDelaySeconds))
	case "stream":
		go x.lines(int(min(n, maxLines)))
	case "sse":
		go x.events(int(min(n, maxEvents)))
	case "bytes":
		go x.bytes(int64(min(n, maxBody)))
	default:
		x.reply("200", "application/json", x.document())
	}
}

// reply sends a whole response; to HEAD without its body. An empty body has no type.
func (x *Stream) reply(status, contentType string, body []byte) {
	h := header.New([2]string{":status", status})
	if contentType != "" {
		h.Append("content-type", contentType)
	}
	h.Append("content-length", strconv.Itoa(len(body)))
	if x.head.Value(":method") == "HEAD" || len(body) == 0 {
		x.out.SendHeaders(h, true)
		return
	}
	x.out.SendHeaders(h, false)
	x.out.SendData(body, true)
}

// respond starts a response that goes on.
func respond(out *Paced, status string, pairs ...string) {
	h := header.New([2]string{":status", status})
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Append(pairs[i], pairs[i+1])
	}
	out.SendHeaders(h, false)
}
