package main

import (
	"strings"
	"unicode/utf8"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/relay"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// answer ends the workflow with what the source of the edge has brought.
func (r *run) answer(e *edge) {
	r.decided = true
	status, data := uint32(200), r.received
	var headers [][2]string
	if e.from != startStep {
		source := &r.nodes[e.from]
		data = source.text
		if source.answered {
			headers = relay.Headers()
		}
		if e.onFailure {
			status = source.status
		}
	}
	if e.status != 0 {
		status = e.status
	}
	if e.contentType != "" {
		kept := headers[:0]
		for _, h := range headers {
			if h[0] != "content-type" {
				kept = append(kept, h)
			}
		}
		headers = append(kept, [2]string{"content-type", e.contentType})
	}
	relay.Send(status, "", headers, []byte(data))
}

// fail ends the workflow with an error. It does nothing after a decision.
func (r *run) fail(reason, message string) {
	if r.decided {
		return
	}
	r.decided = true
	log.Error("the workflow failed: " + reason)
	log.Debug(message) // with what clients and nodes sent
	relay.Send(500, details+"."+reason, plainText, []byte(message))
}

const details = "api-workflow"

var plainText = [][2]string{{"Content-Type", "text/plain"}}

// pass ends the workflow and lets the request go on, changed as the edge says.
func (r *run) pass(e *edge) error {
	headers, data, err := r.edit(e)
	if err != nil {
		return r.stepError(e.source, e.targetName, err.Error())
	}
	r.decided = true
	if err := change(headers, data); err != nil {
		log.Error("changing the request failed: " + err.Error())
		relay.Send(500, details+".change_failed", plainText, []byte("the request cannot be changed"))
		return nil
	}
	if r.inPhase {
		r.passes = true
		return nil
	}
	if err := proxywasm.ResumeHttpRequest(); err != nil {
		log.Error("resuming the request failed: " + err.Error())
	}
	return nil
}

func change(headers [][2]string, data string) error {
	for _, h := range headers {
		if err := proxywasm.ReplaceHttpRequestHeader(h[0], h[1]); err != nil {
			return err
		}
	}
	if data == "" {
		return nil
	}
	if err := proxywasm.ReplaceHttpRequestBody([]byte(data)); err != nil {
		return err
	}
	body.RequestEdited()
	return nil
}

// mostEcho bounds what of a body an error repeats, in bytes.
const mostEcho = 1024

// cut shortens a text that goes into an error. No character is cut in two.
func cut(s string) string {
	if len(s) <= mostEcho {
		return s
	}
	end := mostEcho
	for end > mostEcho-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.Clone(s[:end])
}
