package echo

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Bounds of the endpoints, and the pace of /sse.
const (
	maxDelaySeconds = 10
	maxLines        = 100
	maxEvents       = 1000
	eventEvery      = 100 * time.Millisecond
	pieceSize       = 16 << 10
)

func (x *Stream) delayed(seconds float64) {
	select {
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		x.reply("200", "application/json", x.document())
	case <-x.out.Gone():
	}
}

// lines answers with N documents of one line, each with its number.
func (x *Stream) lines(n int) {
	respond(x.out, "200", "content-type", "application/json")
	for i := range n {
		line, err := json.Marshal(struct {
			ID int `json:"id"`
			received
		}{i, x.received()})
		if err != nil || !x.out.Write(append(line, '\n')) {
			return
		}
	}
	x.out.SendData(nil, true)
}

// events sends server-sent events at their pace; the first at once.
func (x *Stream) events(n int) {
	respond(x.out, "200", "content-type", "text/event-stream", "cache-control", "no-cache")
	tick := time.NewTicker(eventEvery)
	defer tick.Stop()
	for i := range n {
		if i > 0 {
			select {
			case <-tick.C:
			case <-x.out.Gone():
				return
			}
		}
		if !x.out.Write(fmt.Appendf(nil, "id: %d\nevent: message\ndata: {\"id\": %d}\n\n", i, i)) {
			return
		}
	}
	x.out.SendData(nil, true)
}

// bytes sends the first n bytes of a fixed random sequence.
func (x *Stream) bytes(n int64) {
	respond(x.out, "200", "content-type", "application/octet-stream", "content-length", strconv.FormatInt(n, 10))
	source := rand.NewChaCha8([32]byte{})
	for ; n > 0; n -= pieceSize {
		piece := make([]byte, min(n, pieceSize))
		source.Read(piece)
		if !x.out.Write(piece) {
			return
		}
	}
	x.out.SendData(nil, true)
}
