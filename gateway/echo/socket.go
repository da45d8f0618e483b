package echo

import (
	"strings"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/echo/websocket"
	"github.com/wasmplane/wasmplane/gateway/header"
)

func isWebsocket(h *header.Map) bool {
	return codec.IsUpgrade(h) && strings.EqualFold(h.Value("upgrade"), "websocket") && h.Has("sec-websocket-key")
}

// socket sends messages back: frames as they came but unmasked, a pong for a ping, a close for a close.
type socket struct {
	out    *Paced
	parser websocket.Parser
	closed bool
}

func (s *socket) receive(data []byte, endStream bool) {
	if s.closed {
		return
	}
	frames, err := s.parser.Feed(data)
	for _, f := range frames {
		switch f.Opcode {
		case websocket.Ping:
			f.Opcode = websocket.Pong
		case websocket.Pong:
			continue
		}
		s.out.SendData(websocket.Append(nil, f, nil), false)
		if f.Opcode == websocket.Close {
			endStream = true
			break
		}
	}
	if err != nil || endStream {
		s.closed = true
		s.out.SendData(nil, true)
	}
}
