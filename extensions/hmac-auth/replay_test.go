package main

import (
	"crypto/md5"
	"encoding/base64"
	"testing"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

// dated is a signed request with a nonce, whose body the signature or a digest protects.
func dated(contentType, md5, text string) [][2]string {
	headers := plugintest.Request("POST", "/pay", "date: Sun, 17 Mar 2030 17:46:40 GMT", "content-type: "+contentType,
		"x-ca-nonce: n1", "x-ca-signature-headers: x-ca-nonce")
	if md5 != "" {
		headers = append(headers, [2]string{headerMD5, md5})
	}
	return signed("POST\n\n"+md5+"\n"+contentType+"\nSun, 17 Mar 2030 17:46:40 GMT\nx-ca-nonce:n1\n/pay"+text, headers)
}

func TestAReplayIsToldHoweverLateItsBodyEnds(t *testing.T) {
	const buffer, pass, hold, stop = types.DataStopIterationAndBuffer, types.ActionContinue, types.HeaderStopIteration, types.HeaderStopAllIterationAndWatermark
	const body = "a=1&b=2"
	sum := md5.Sum([]byte(body))
	forms := map[string][][2]string{
		"a form":               dated(formType, "", "?"+body),
		"a body with a digest": dated("application/json", base64.StdEncoding.EncodeToString(sum[:]), ""),
		"a form with a digest": dated(formType, base64.StdEncoding.EncodeToString(sum[:]), "?"+body),
	}
	modes := map[string]plugintest.Refusal{
		"nonce":     plugintest.Refused(400, "hmac-auth.nonce_used", "Nonce Used"),
		"signature": plugintest.Refused(400, "hmac-auth.signature_used", "Signature Used"),
	}
	times := []struct {
		name                     string
		first, headers, bodyEnds time.Duration // after the date
		expired                  bool          // else it is told as a replay
	}{
		{"at once", 0, 0, 0, false},
		{"at the end of the window", 0, 2 * time.Second, 2 * time.Second, false},
		{"first as early, then as late as can be", -2 * time.Second, 2 * time.Second, 2 * time.Second, false},
		{"the body held until the date is too old", 0, 0, 2*time.Second + time.Millisecond, true},
		{"the body held until the first one is forgotten", 0, time.Second, 6 * time.Second, true},
		{"for a day", -2 * time.Second, 2 * time.Second, 24 * time.Hour, true},
	}
	defer func() { pluginClock = time.Now }()
	test.RunGoTest(t, func(t *testing.T) {
		for mode := range modes {
			for form, headers := range forms {
				for _, tt := range times {
					t.Run(mode+", "+form+", "+tt.name, func(t *testing.T) {
						host := plugintest.Start(t, `{"date_offset": 2, "replay_protection": "`+mode+`", `+oneCaller+`}`)
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
							want = plugintest.Refused(400, "hmac-auth.invalid_date", "Invalid Date")
						}
						want.AssertRefused(t, host)
					})
				}
			}
		}
	})
}
