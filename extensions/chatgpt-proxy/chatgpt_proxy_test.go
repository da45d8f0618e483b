package main

import (
	"encoding/json"
	"testing"

	"github.com/higress-group/wasm-go/pkg/test"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/plugintest"
)

func FuzzThePromptStaysAString(f *testing.F) {
	for _, prompt := range []string{"hi", `"`, "\\", "\n\x00", "${prompt}", `","model":"x`} {
		f.Add(prompt)
	}
	var config Config
	if err := parseConfig(field.Of(gjson.Parse(`{"apiKey": "k"}`)), &config); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, prompt string) {
		body := config.question.ask(prompt)
		if !gjson.Valid(body) || gjson.Get(body, "model").String() != "text-davinci-003" || gjson.Get(body, "#").Int() != 0 {
			t.Fatalf("%q became %s", prompt, body)
		}
		var decoded map[string]any
		if err := json.Unmarshal([]byte(body), &decoded); err != nil || len(decoded) != 8 {
			t.Fatalf("%q became %s (%v)", prompt, body, err)
		}
	})
}

func TestTheCompiledModuleStartsAndAnswers(t *testing.T) {
	test.RunWasmTestWithPath(t, "../../build/chatgpt-proxy.raw.wasm", func(t *testing.T) {
		host := plugintest.Start(t, `{"apiKey": "k"}`)
		host.CallOnHttpRequestHeaders([][2]string{{":authority", "a.test"}, {":path", "/"}, {":method", "GET"}, {":scheme", "http"}}, test.WithEndOfStream(true))
		reply := host.GetLocalResponse()
		require.NotNil(t, reply)
		assert.EqualValues(t, 400, reply.StatusCode)
		assert.Equal(t, "1-need prompt param", string(reply.Data))
		host.CompleteHttp()
	})
}
