package cases

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/wasmplane/wasmplane/gateway/echo"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// play sends a scripted response.
func (x *serviceStream) play(ctx context.Context, r *Response, turn int) {
	if r.Until != "" {
		if !x.service.signals.await(r.Until, x.out.Gone()) {
			return
		}
		ctx = x.service.context() // of the step that told it
	}
	if !pause(ctx, r.Delay.Duration, x.out.Gone()) || r.Hang && r.Chunks == nil {
		return
	}
	if r.Reset == "before headers" {
		x.out.Reset()
		return
	}
	h, endStream := r.head(x.record.head.Value(":method"))
	x.out.SendHeaders(h, endStream)
	if endStream {
		return
	}
	if !r.Payload.send(turn, x.out.Write) {
		return
	}
	err := playChunks(ctx, x.out, r.Chunks, func(chunk *Chunk, sent int64) error {
		if !chunk.WaitForClient.active() {
			return nil
		}
		return x.meeting.await(ctx, clientEnd, chunk.WaitForClient, sent, x.out.Gone())
	})
	switch {
	case errors.Is(err, errGone):
	case err != nil:
		x.service.recorder.problem("service %s: response %v", x.service.key, err)
		x.out.Reset()
	case r.Reset == "after headers":
		x.out.Reset()
	case r.Hang:
	case !r.Trailers.IsZero():
		x.out.SendTrailers(r.Trailers.appendTo(header.New()))
	default:
		x.out.SendData(nil, true)
	}
}

// head builds the response headers and reports whether they are the whole response.
func (r *Response) head(method string) (*header.Map, bool) {
	status := r.StatusCode
	if status == 0 {
		status = 200
	}
	h := r.Headers.appendTo(header.New([2]string{":status", strconv.Itoa(status)}))
	if status == 204 || status == 304 {
		return h, true
	}
	if r.Chunks == nil && !r.Chunked && r.Trailers.IsZero() && r.Reset == "" && !h.Has("content-length") {
		h.Append("content-length", strconv.FormatInt(r.length(), 10))
	}
	whole := r.length() == 0 && r.Chunks == nil && r.Trailers.IsZero() && r.Reset == ""
	return h, whole || method == "HEAD"
}

// appendTo adds the header lines in order.
func (h Headers) appendTo(m *header.Map) *header.Map {
	for _, entry := range h.List {
		for _, value := range entry.Values {
			m.Append(entry.Name, value.Value)
		}
	}
	return m
}

// playChunks sends chunks, each after its pause and when wait returns. The error names the chunk, or is errGone.
func playChunks(ctx context.Context, out *echo.Paced, chunks []Chunk, wait func(chunk *Chunk, sent int64) error) error {
	sent := int64(0)
	for i := range chunks {
		chunk := &chunks[i]
		if !pause(ctx, chunk.After.Duration, out.Gone()) {
			return errGone
		}
		if err := wait(chunk, sent); err != nil {
			if errors.Is(err, errGone) {
				return err
			}
			return &chunkError{i, err}
		}
		if len(chunk.content) > 0 && !out.Write(append([]byte(nil), chunk.content...)) {
			return errGone
		}
		sent += int64(len(chunk.content))
	}
	return nil
}

// chunkError says which chunk could not be sent.
type chunkError struct {
	index int
	err   error
}

func (e *chunkError) Error() string { return "chunks[" + strconv.Itoa(e.index) + "] " + e.err.Error() }

// pause waits and reports whether the exchange is still alive.
func pause(ctx context.Context, d time.Duration, gone <-chan struct{}) bool {
	if d == 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-gone:
		return false
	case <-ctx.Done():
		return false
	}
}
