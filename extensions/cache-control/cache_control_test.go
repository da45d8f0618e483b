package main

import (
	"strings"
	"testing"
	"time"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func TestDateAndDirective(t *testing.T) {
	now := time.Date(2026, 2, 28, 23, 59, 30, 0, time.FixedZone("", 3600))
	tests := []struct{ name, config, date, directive string }{
		{"seconds", `{"expires": 60}`, "Sat, 28 Feb 2026 23:00:30 GMT", "max-age=60"},
		{"as text", `{"expires": "60"}`, "Sat, 28 Feb 2026 23:00:30 GMT", "max-age=60"},
		{"the days of a month go by two digits", `{"expires": 86400}`, "Sun, 01 Mar 2026 22:59:30 GMT", "max-age=86400"},
		{"expired", `{"expires": -30}`, "Sat, 28 Feb 2026 22:59:00 GMT", "max-age=0"},
		{"a huge number", `{"expires": 1e300}`, "Tue, 26 Feb 2036 22:59:30 GMT", "max-age=315360000"},
		{"more than ten years", `{"expires": 400000000}`, "Tue, 26 Feb 2036 22:59:30 GMT", "max-age=315360000"},
		{"more than fits", `{"expires": "99999999999999999999"}`, "Tue, 26 Feb 2036 22:59:30 GMT", "max-age=315360000"},
		{"max", `{"expires": "max"}`, "Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000"},
		{"epoch", `{"expires": "epoch"}`, "Thu, 01 Jan 1970 00:00:01 GMT", "no-cache"},
		{"upper case is not known", `{"expires": "MAX"}`, "Sat, 28 Feb 2026 22:59:30 GMT", "max-age=0"},
	}
	test.RunGoTest(t, func(t *testing.T) {
		plugintest.Start(t, `{}`) // takes the warnings
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var config Config
				require.NoError(t, parseConfig(gjson.Parse(tt.config), &config))
				assert.Equal(t, tt.date, config.groups[0].expires.date(now))
				assert.Equal(t, tt.directive, config.groups[0].expires.directive())
			})
		}
	})
}

func TestABadExpiresLoadsWithAWarning(t *testing.T) {
	test.RunGoTest(t, func(t *testing.T) {
		for config, warning := range map[string]string{
			`{"expires": "abc"}`: `expires: must be seconds, max or epoch; "abc" counts as 0`,
			`{"suffix": "js"}`:   `expires: must be seconds, max or epoch; absent counts as 0`,
		} {
			host := plugintest.Start(t, config)
			warnings := strings.Join(host.GetWarnLogs(), "\n")
			host.Reset()
			assert.Contains(t, warnings, warning)
		}
	})
}

func TestHasDirective(t *testing.T) {
	for list, want := range map[string]bool{
		"no-store": true, "max-age=1, No-Store": true, `private="a", no-store = x`: true,
		"": false, "no-stores": false, "max-age=1,": false,
	} {
		assert.Equal(t, want, hasDirective(list, "no-store"), list)
	}
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/cache-control.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"suffix": "js", "expires": "max"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/a.js"}, {":method", "GET"}, {":scheme", "http"}})
		host.CallOnHttpResponseHeaders([][2]string{{":status", "200"}})
		assert.True(t, test.HasHeaderWithValue(host.GetResponseHeaders(), "cache-control", "max-age=315360000"))
		host.CompleteHttp()
	})
}
