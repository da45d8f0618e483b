package echo

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/codec"
	"github.com/wasmplane/wasmplane/gateway/echo/websocket"
)

// start serves an echo and returns its address.
func start(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := New()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.ErrorIs(t, <-served, codec.ErrServerClosed)
	})
	return ln.Addr().String()
}

// raw sends the bytes of a request on a connection of its own and returns the response's head and body.
func raw(t *testing.T, address, request string) (head, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	head, body, ok := strings.Cut(string(all), "\r\n\r\n")
	require.True(t, ok)
	return head, body
}

func post(t *testing.T, address, contentType string, body io.Reader) map[string]any {
	t.Helper()
	res, err := http.Post("http://"+address+"/post", contentType, body)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	var doc map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&doc))
	return doc
}

func TestTheAnswerIsWhatWasReceived(t *testing.T) {
	head, body := raw(t, start(t), "PUT /%zz//?a=1&a=%32&b&c=x+y HTTP/1.1\r\nHost: a.test\r\nx-b: 1\r\nX-B: 2\r\n"+
		"content-type: application/json\r\nx-forwarded-for: 9.9.9.9\r\nx-forwarded-proto: https\r\nconnection: close\r\ncontent-length: 28\r\n\r\n"+
		`{"id": 9007199254740993, "<"`+"")
	assert.Contains(t, head, "HTTP/1.1 200 OK\r\n")
	assert.Contains(t, head, "content-type: application/json")
	assert.Equal(t, `{
  "args": {
    "a": [
      "1",
      "2"
    ],
    "b": "",
    "c": "x y"
  },
  "headers": {
    "Connection": "close",
    "Content-Length": "28",
    "Content-Type": "application/json",
    "Host": "a.test",
    "X-B": "1,2",
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Proto": "https"
  },
  "method": "PUT",
  "origin": "9.9.9.9",
  "path": "/%zz//?a=1&a=%32&b&c=x+y",
  "url": "https://a.test/%zz//?a=1&a=%32&b&c=x+y",
  "data": "{\"id\": 9007199254740993, \"<\"",
  "files": {},
  "form": {},
  "json": null
}
`, body)
}

func TestBodies(t *testing.T) {
	address := start(t)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	require.NoError(t, w.WriteField("a", "1"))
	file, err := w.CreateFormFile("f", "f.bin")
	require.NoError(t, err)
	file.Write([]byte{0xff, 0})
	require.NoError(t, w.Close())
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB

	for name, test := range map[string]struct {
		contentType string
		body        []byte
		want        map[string]any
	}{
		"none":            {"", nil, map[string]any{"data": "", "json": nil, "form": map[string]any{}, "files": map[string]any{}}},
		"JSON":            {"text/plain", []byte(`[1, {"a": null}]`), map[string]any{"data": `[1, {"a": null}]`, "json": []any{1.0, map[string]any{"a": nil}}}},
		"a form":          {"application/x-www-form-urlencoded", []byte("a=1&a=2&b=%zz"), map[string]any{"data": "", "form": map[string]any{"a": []any{"1", "2"}, "b": "%zz"}}},
		"multipart":       {w.FormDataContentType(), form.Bytes(), map[string]any{"data": "", "form": map[string]any{"a": "1"}, "files": map[string]any{"f": "data:application/octet-stream;base64,/wA="}}},
		"broken parts":    {"multipart/form-data; boundary=x", []byte("--x\r\nno"), map[string]any{"data": "--x\r\nno", "form": map[string]any{}}},
		"no text":         {"image/png", []byte{0xff, 0}, map[string]any{"data": "data:application/octet-stream;base64,/wA=", "json": nil}},
		"more than a MiB": {"text/plain", large, map[string]any{"data": fmt.Sprintf("%d bytes, sha256 %x", len(large), sha256.Sum256(large)), "json": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := post(t, address, test.contentType, bytes.NewReader(test.body))
			for field, want := range test.want {
				assert.Equal(t, want, doc[field], field)
			}
		})
	}
}

func TestMoreThan64MiBIsRefused(t *testing.T) {
	res, err := http.Post("http://"+start(t), "", io.LimitReader(endless{}, maxBody+1))
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, 413, res.StatusCode)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestEndpoints(t *testing.T) {
	address := start(t)
	for path, want := range map[string]struct {
		status int
		header string
		length int
	}{
		"/status/204":      {204, "", 0},
		"/status/503":      {503, "", 0},
		"/status/99":       {400, "text/plain", -1},
		"/bytes/100000":    {200, "application/octet-stream", 100000},
		"/bytes/0":         {200, "application/octet-stream", 0},
		"/delay/0.01":      {200, "application/json", -1},
		"/sse/1?x=/sse/9":  {200, "text/event-stream", len("id: 0\nevent: message\ndata: {\"id\": 0}\n\n")},
		"/bytes/x":         {200, "application/json", -1},
		"/status":          {200, "application/json", -1},
		"/status/200/more": {200, "application/json", -1},
	} {
		t.Run(path, func(t *testing.T) {
			res, err := http.Get("http://" + address + path)
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, want.status, res.StatusCode)
			assert.Equal(t, want.header, res.Header.Get("content-type"))
			if want.length >= 0 {
				assert.Len(t, body, want.length)
			}
		})
	}
}

func TestTheSameBytesForTheSameNumber(t *testing.T) {
	address := start(t)
	_, first := raw(t, address, "GET /bytes/40000 HTTP/1.0\r\n\r\n")
	_, second := raw(t, address, "GET /bytes/40000 HTTP/1.0\r\n\r\n")
	assert.Len(t, first, 40000)
	assert.Equal(t, first, second)
}

func TestHEADHasNoBody(t *testing.T) {
	head, body := raw(t, start(t), "HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
	assert.Regexp(t, `content-length: [1-9]`, head)
	assert.Empty(t, body)
}

func TestLinesAreDocuments(t *testing.T) {
	_, body := raw(t, start(t), "GET /stream/3 HTTP/1.0\r\nhost: a\r\n\r\n")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	require.Len(t, lines, 3)
	for i, line := range lines {
		var doc struct {
			ID  int
			URL string
		}
		require.NoError(t, json.Unmarshal([]byte(line), &doc))
		assert.Equal(t, i, doc.ID)
		assert.Equal(t, "http://a/stream/3", doc.URL)
	}
}

func TestEventsComeOneByOne(t *testing.T) {
	began := time.Now()
	res, err := http.Get("http://" + start(t) + "/sse/3")
	require.NoError(t, err)
	defer res.Body.Close()
	reader := bufio.NewReader(res.Body)
	for i := range 3 {
		for _, want := range []string{fmt.Sprintf("id: %d\n", i), "event: message\n", fmt.Sprintf("data: {\"id\": %d}\n", i), "\n"} {
			line, err := reader.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, want, line)
		}
		assert.GreaterOrEqual(t, time.Since(began), time.Duration(i)*eventEvery, "not before its time")
	}
	_, err = reader.ReadByte()
	assert.Equal(t, io.EOF, err)
}

func TestCloseEndsWhatWaits(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := New()
	go s.Serve(ln)
	res, err := http.Get("http://" + ln.Addr().String() + "/sse/1000")
	require.NoError(t, err)
	defer res.Body.Close()
	require.NoError(t, s.Close())
	_, err = io.ReadAll(res.Body)
	assert.Error(t, err, "the stream broke off")
}

func TestHTTP2(t *testing.T) {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Post("http://"+start(t)+"/a?b=c", "text/plain", strings.NewReader("hi"))
	require.NoError(t, err)
	defer res.Body.Close()
	assert.Equal(t, 2, res.ProtoMajor)
	var doc map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&doc))
	assert.Equal(t, "hi", doc["data"])
	assert.Equal(t, "/a?b=c", doc["path"])
}

func TestWebsocket(t *testing.T) {
	conn, err := net.Dial("tcp", start(t))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	io.WriteString(conn, "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	assert.Equal(t, 101, res.StatusCode)
	assert.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", res.Header.Get("Sec-WebSocket-Accept"))

	mask := &[4]byte{9, 8, 7, 6}
	var parser websocket.Parser
	read := func() []websocket.Frame {
		for {
			b, err := reader.ReadByte()
			require.NoError(t, err)
			frames, err := parser.Feed([]byte{b})
			require.NoError(t, err)
			if len(frames) > 0 {
				return frames
			}
		}
	}
	for _, test := range []struct{ sent, want websocket.Frame }{
		{websocket.Frame{Fin: true, Opcode: websocket.Text, Payload: []byte("hello")}, websocket.Frame{Fin: true, Opcode: websocket.Text, Payload: []byte("hello")}},
		{websocket.Frame{Opcode: websocket.Binary, Payload: []byte{1}}, websocket.Frame{Opcode: websocket.Binary, Payload: []byte{1}}},
		{websocket.Frame{Fin: true, Opcode: websocket.Ping, Payload: []byte("p")}, websocket.Frame{Fin: true, Opcode: websocket.Pong, Payload: []byte("p")}},
		{websocket.Frame{Fin: true, Opcode: websocket.Continuation, Payload: []byte{2}}, websocket.Frame{Fin: true, Opcode: websocket.Continuation, Payload: []byte{2}}},
		{websocket.Frame{Fin: true, Opcode: websocket.Close, Payload: []byte{3, 232}}, websocket.Frame{Fin: true, Opcode: websocket.Close, Payload: []byte{3, 232}}},
	} {
		conn.Write(websocket.Append(nil, test.sent, mask))
		assert.Equal(t, []websocket.Frame{test.want}, read())
	}
	_, err = reader.ReadByte()
	assert.Equal(t, io.EOF, err, "the connection closes after the close frame")
}
