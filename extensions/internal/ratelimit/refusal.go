package ratelimit

import (
	"fmt"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/tidwall/gjson"
)

// Refusal is the reply to a request over its limit.
type Refusal struct {
	Status  uint32 // 200 to 599
	Body    []byte
	Details string // response-code-details
}

// ParseRefusal reads rejected_code and rejected_msg; the reply is 429 with the given body where they are absent.
func ParseRefusal(json gjson.Result, body, details string) (Refusal, error) {
	refusal := Refusal{Status: 429, Body: []byte(body), Details: details}
	if code := json.Get("rejected_code"); isSet(code) {
		status := code.Int()
		if status < 200 || status > 599 {
			return refusal, fmt.Errorf("rejected_code: must be between 200 and 599, got %d", status)
		}
		refusal.Status = uint32(status)
	}
	if message := json.Get("rejected_msg"); isSet(message) {
		refusal.Body = []byte(message.String())
	}
	return refusal, nil
}

// Send answers the current stream.
func (r *Refusal) Send(headers [][2]string) error {
	return proxywasm.SendHttpResponseWithDetail(r.Status, r.Details, headers, r.Body, -1)
}
