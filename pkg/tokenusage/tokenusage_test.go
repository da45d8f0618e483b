package tokenusage

import (
	"reflect"
	"testing"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// stream is an HTTP context without a host: the extractors use its maps only.
func stream() wrapper.HttpContext { return &wrapper.CommonHttpCtx[struct{}]{} }

func TestGetTokenUsage(t *testing.T) {
	for _, c := range []struct {
		name   string
		chunks []string
		want   TokenUsage
	}{
		{"OpenAI", []string{`{"model":"m","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":2}}}`},
			TokenUsage{Model: "m", InputToken: 3, OutputToken: 4, TotalToken: 7, InputTokenDetails: map[string]int64{"cached_tokens": 2}}},
		{"OpenAI, streamed", []string{"data: {\"model\":\"m\"}\n\n", "data: {\"model\":\"m\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\r\n\r\n"},
			TokenUsage{Model: "m", InputToken: 3, OutputToken: 4, TotalToken: 7}},
		{"Anthropic, input first and output last", []string{
			"data: {\"type\":\"message_start\",\"message\":{\"model\":\"c\",\"usage\":{\"input_tokens\":5}}}\n\n",
			"data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":6,\"cache_read_input_tokens\":1}}\n\n"},
			TokenUsage{Model: "c", InputToken: 5, OutputToken: 6, TotalToken: 12, AnthropicCacheReadInputToken: 1,
				InputTokenDetails: map[string]int64{"cache_read_input_tokens": 1}}},
		{"Gemini", []string{`{"modelVersion":"g","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":9,"thoughtsTokenCount":6}}`},
			TokenUsage{Model: "g", InputToken: 1, OutputToken: 2, TotalToken: 9, OutputTokenDetails: map[string]int64{"thoughts_token_count": 6}}},
		{"a completed answer in pieces", []string{"data: {\"type\":\"response.completed\",\"response\":{\"model\":\"r\",",
			"\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"total_tokens\":3}}}", "\n\n"},
			TokenUsage{Model: "r", InputToken: 1, OutputToken: 2, TotalToken: 3}},
		{"no usage", []string{`{"model":"m"}`}, TokenUsage{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := stream()
			var got TokenUsage
			for _, chunk := range c.chunks {
				got = GetTokenUsage(ctx, []byte(chunk))
			}
			for _, details := range []*map[string]int64{&c.want.InputTokenDetails, &c.want.OutputTokenDetails} {
				if *details == nil {
					*details = map[string]int64{}
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			if c.want.Model == "" && len(ctx.GetUserAttributeMap()) != 0 {
				t.Fatalf("attributes were set: %v", ctx.GetUserAttributeMap())
			}
		})
	}
}
