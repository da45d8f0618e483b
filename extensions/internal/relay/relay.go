// Package relay answers clients, with what a call-out has brought above all.
package relay

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Send answers the current stream in place of a backend. An answer that the host does not take is logged.
func Send(status uint32, details string, headers [][2]string, body []byte) {
	if err := proxywasm.SendHttpResponseWithDetail(status, details, headers, body, -1); err != nil {
		log.Error("the answer cannot be sent: " + err.Error())
	}
}

// Headers returns the headers of the answer at hand that mean something to the client, in their order and with all their
// values: without pseudo headers, content-length, and what belongs to the connection to the service (RFC 9110, section
// 7.6.1). It must be called in the call-out's callback; without an answer it returns none.
func Headers() [][2]string {
	headers, err := proxywasm.GetHttpCallResponseHeaders()
	if err != nil {
		return nil
	}
	return EndToEnd(headers)
}

// EndToEnd returns the headers that are not the connection's, nor the body's length. Names are in lower case.
func EndToEnd(headers [][2]string) [][2]string {
	named := ""
	for _, h := range headers {
		if h[0] == "connection" {
			named += "," + h[1]
		}
	}
	kept := headers[:0:0]
	for _, h := range headers {
		if strings.HasPrefix(h[0], ":") || hopByHop(h[0]) || body.HasToken(named, h[0]) {
			continue
		}
		kept = append(kept, h)
	}
	return kept
}

func hopByHop(name string) bool {
	switch name {
	case "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}
