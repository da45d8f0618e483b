package server

import (
	"bufio"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

func TestAStockEnvoyKnowsNoUpgradeButWebsocket(t *testing.T) {
	ln := listen(t)
	f := start(t, Config{Profile: abi.Envoy}, services("up", "http", ln.Addr().String()), route("r", "/", "up.static:80"))
	client := f.dial()
	fmt.Fprint(client, "GET / HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: other\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(client), nil)
	require.NoError(t, err)
	assert.Equal(t, 403, response.StatusCode)
	require.NoError(t, response.Body.Close())

	client = f.dial()
	fmt.Fprint(client, "GET /chat HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-key: k\r\n\r\n")
	server := accept(t, ln)
	request, err := http.ReadRequest(bufio.NewReader(server))
	require.NoError(t, err)
	assert.Equal(t, "WebSocket", request.Header.Get("upgrade"))
}
