package envoy

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownAddress is the address by which Envoy knows its machine: the first IPv4 one that is not loopback, else loopback.
func ownAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && network.IP.To4() != nil && !network.IP.IsLoopback() {
			return network.IP.String()
		}
	}
	return "127.0.0.1"
}

// TestDifferences has rows of the table in docs/engines.md that no other test has.
func TestDifferences(t *testing.T) {
	g := startGateway(t, Options{})
	snapshot := parse(t, ingress("a", "", "/", "echo.static:80", ""), map[string][]string{"echo.static:80": {startEcho(t)}})
	require.NoError(t, g.Apply(testContext(t), snapshot))

	t.Run("x-forwarded-for of a client on the same machine is Envoy's own address", func(t *testing.T) {
		var document struct {
			Headers map[string]string `json:"headers"`
		}
		require.NoError(t, json.NewDecoder(send(t, g.Address(), "x", "/").Body).Decode(&document))
		assert.Equal(t, ownAddress(t), document.Headers["X-Forwarded-For"])
		assert.Equal(t, "true", document.Headers["X-Envoy-Internal"])
	})

	raw := func(t *testing.T, request string) *http.Response {
		conn, err := (&net.Dialer{}).DialContext(testContext(t), "tcp", g.Address())
		require.NoError(t, err)
		t.Cleanup(func() { conn.Close() })
		_, err = io.WriteString(conn, request)
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		return response
	}

	t.Run("repeated authorization lines are joined", func(t *testing.T) {
		var document struct {
			Headers map[string]string `json:"headers"`
		}
		response := raw(t, "GET / HTTP/1.1\r\nhost: x\r\nauthorization: Basic YQ==\r\nauthorization: Basic YQ==\r\nx-request-id: twice\r\n\r\n")
		require.NoError(t, json.NewDecoder(response.Body).Decode(&document))
		assert.Equal(t, "Basic YQ==,Basic YQ==", document.Headers["Authorization"])
	})

	t.Run("an upgrade to anything but websocket is refused", func(t *testing.T) {
		response := raw(t, "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: other\r\nx-request-id: upgrade\r\n\r\n")
		assert.Equal(t, 403, response.StatusCode)
	})
}
