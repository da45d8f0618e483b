package compat

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestStreamingBodiesPassChunkByChunk(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "streaming-bodies"})

	t.Run("request", func(t *testing.T) {
		arrived := make(chan string, 10)
		g.backend.respond(func(w http.ResponseWriter, r *http.Request) {
			buffer := make([]byte, 1024)
			for {
				n, err := r.Body.Read(buffer)
				if n > 0 {
					arrived <- string(buffer[:n])
				}
				if err != nil {
					break
				}
			}
			io.WriteString(w, "done")
		})
		body, send := io.Pipe()
		finished := make(chan answer, 1)
		go func() { finished <- g.send(http.MethodPost, "/", body) }()
		for _, chunk := range []struct{ sent, want string }{{"an old book", "an new book"}, {" and older", " and newer"}} {
			io.WriteString(send, chunk.sent)
			if got := <-arrived; got != chunk.want { // while the client has not sent the rest
				t.Errorf("chunk at the backend: got %q, want %q", got, chunk.want)
			}
		}
		send.Close()
		(<-finished).expect(t, 200, "<done>end")
		if got := g.backend.takeOne(t).body; got != "an new book and newer" {
			t.Errorf("body at the backend: got %q", got)
		}
	})

	t.Run("response", func(t *testing.T) {
		next := make(chan string)
		g.backend.respond(func(w http.ResponseWriter, _ *http.Request) {
			for chunk := range next {
				io.WriteString(w, chunk)
				http.NewResponseController(w).Flush()
			}
		})
		opened := make(chan *http.Response, 1)
		go func() { opened <- g.open(http.MethodGet, "/", nil) }()
		next <- "one"
		response := <-opened
		defer response.Body.Close()
		read := func(n int) string {
			buffer := make([]byte, n)
			if _, err := io.ReadFull(response.Body, buffer); err != nil {
				t.Fatal(err)
			}
			return string(buffer)
		}
		if got := read(5); got != "<one>" { // while the backend has not sent the rest
			t.Errorf("first chunk: got %q, want <one>", got)
		}
		next <- "two"
		if got := read(5); got != "<two>" {
			t.Errorf("second chunk: got %q, want <two>", got)
		}
		close(next)
		rest, err := io.ReadAll(response.Body)
		if err != nil || string(rest) != "end" {
			t.Errorf("rest: got %q and error %v, want end", rest, err)
		}
		g.backend.takeOne(t)
	})
}

func TestBufferedBodiesAreHandledAsAWhole(t *testing.T) {
	t.Parallel()
	g := run(t, setup{program: "buffered-bodies"})
	g.backend.respond(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first ")
		http.NewResponseController(w).Flush()
		io.WriteString(w, "second")
	})
	body, send := io.Pipe()
	go func() {
		io.WriteString(send, `{"given":`) // no JSON until the rest is there
		io.WriteString(send, `[1,2]}`)
		send.Close()
	}()
	g.send(http.MethodPost, "/", body, "Content-Type: application/json").expect(t, 200, "FIRST SECOND")
	if got, want := g.backend.takeOne(t).body, `{"given":[1,2],"injected":"value"}`; got != want {
		t.Errorf("body at the backend: got %s, want %s", got, want)
	}
}

func TestBufferLimitsCanBeRaisedForARequest(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789", 10*1024) // 100 KiB, over the default limit of 32 KiB
	g := run(t, setup{program: "buffer-limits", config: `{"raise": true}`})
	answerWith := func(body string) {
		g.backend.respond(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) })
	}

	g.send(http.MethodPost, "/", strings.NewReader(large)).expect(t, 200, "backend")
	if got := g.backend.takeOne(t).body; got != large {
		t.Errorf("body at the backend: got %d bytes, want the %d sent", len(got), len(large))
	}
	answerWith(large)
	if got := g.get("/"); got.status != 200 || got.body != large {
		t.Errorf("answer: got %d with %d bytes, want 200 with the backend's %d", got.status, len(got.body), len(large))
	}
	g.backend.take()

	g.mustReconfigure(`{"raise": false, "hold": true}`, "")
	answerWith("backend")
	got := g.send(http.MethodPost, "/", strings.NewReader(large), "X-Request-Id: large-request")
	got.expect(t, 413, "Payload Too Large")
	if details := g.accessLog("large-request").ResponseCodeDetails; details != "request_payload_too_large" {
		t.Errorf("response code details: got %q, want request_payload_too_large", details)
	}
	g.backend.take() // its headers may have arrived
	answerWith(large)
	g.get("/", "X-Request-Id: large-response").expect(t, 500, "Internal Server Error")
	if details := g.accessLog("large-response").ResponseCodeDetails; details != "response_payload_too_large" {
		t.Errorf("response code details: got %q, want response_payload_too_large", details)
	}

	g.mustReconfigure(`{"raise": false}`, "")
	response := g.open(http.MethodGet, "/", nil)
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("a response body over the limit whose headers are out: got %d with %d bytes, want it cut off", response.StatusCode, len(body))
	}
}
