package main

import (
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// dated is a signed request with a nonce and a digest of its body.
func dated(body string) [][2]string {
	const date = "Tue, 20 Nov 2029 08:00:00 GMT"
	sum := digest([]byte(body))
	return signed("POST /pay\ndate: "+date+"\nx-nonce: n1\ndigest: "+sum+"\n", "@request-target date x-nonce digest",
		plugintest.Request("POST", "/pay", "date: "+date, "x-nonce: n1", "digest: "+sum))
}

func TestAReplayIsToldHoweverLateItsBodyEnds(t *testing.T) {
	const buffer, pass, hold, stop = types.DataStopIterationAndBuffer, types.ActionContinue, types.HeaderStopIteration, types.HeaderStopAllIterationAndWatermark
	const body = "a=1&b=2"
	headers := dated(body)
	modes := map[string]plugintest.Refusal{
		"nonce":     plugintest.Refused(401, "hmac-auth-apisix.nonce_used", `{"message":"client request can't be validated: nonce used"}`),
		"signature": plugintest.Refused(401, "hmac-auth-apisix.signature_used", `{"message":"client request can't be validated: signature used"}`),
	}
	times := []struct {
		name                     string
		first, headers, bodyEnds time.Duration // after the date
		expired                  bool          // else it is told as a replay
	}{
		{"at once", 0, 0, 0, false},
		{"at the end of the window", 0, 2 * time.Second, 2 * time.Second, false},
		{"in the parts of seconds that are not counted", -2500 * time.Millisecond, 2490 * time.Millisecond, 2490 * time.Millisecond, false},
		{"first as early, then as late as can be", -3*time.Second + 1, 3*time.Second - 1, 3*time.Second - 1, false},
		{"the body held until the date is too old", 0, 0, 3 * time.Second, true},
		{"the body held until the first one is forgotten", 0, time.Second, 6 * time.Second, true},
		{"for a day", -2 * time.Second, 2 * time.Second, 24 * time.Hour, true},
	}
	defer func() { pluginClock = time.Now }()
	test.RunGoTest(t, func(t *testing.T) {
		for mode := range modes {
			for _, tt := range times {
				t.Run(mode+", "+tt.name, func(t *testing.T) {
					host := plugintest.Start(t, `{"clock_skew": 2, "validate_request_body": true, "replay_protection": "`+mode+`", `+oneCaller+`}`)
					pluginClock = clock(tt.first)
					plugintest.Phases{Headers: headers, OnHeaders: hold, Chunks: []string{body}, OnChunks: []types.Action{pass}}.Send(t, host)
					host.CompleteHttp()

					host.InitHttp()
					pluginClock = clock(tt.headers)
					require.Equal(t, hold, host.CallOnHttpRequestHeaders(headers))
					require.Equal(t, buffer, host.CallOnHttpStreamingRequestBody([]byte(body[:1]), false))
					pluginClock = clock(tt.bodyEnds)
					require.Equal(t, stop, host.CallOnHttpStreamingRequestBody([]byte(body[1:]), true))
					want := modes[mode]
					if tt.expired {
						want = plugintest.Refused(401, "hmac-auth-apisix.clock_skew", `{"message":"client request can't be validated: Clock skew exceeded"}`)
					}
					want.AssertRefused(t, host)
				})
			}
		}
	})
}
