// Package tokenusage reads how many tokens a call of a language model used out of the model's answer, whole or as it
// streams by, in the formats of OpenAI, Anthropic, Gemini and Doubao.
package tokenusage

import (
	"bytes"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// TokenUsage is what one answer used. Counts that the answer does not give are 0; the maps are never nil in what
// GetTokenUsage returns.
type TokenUsage struct {
	InputToken         int64
	InputTokenDetails  map[string]int64
	OutputTokenDetails map[string]int64
	OutputToken        int64
	TotalToken         int64
	Model              string

	// Anthropic Messages counts tokens written to and read from its cache besides the input tokens.
	AnthropicCacheCreationInputToken int64
	AnthropicCacheReadInputToken     int64
}

// Context keys of an answer that is collected over several chunks.
const (
	collectingKey = "delta_beginning"
	collectedKey  = "delta_sse_message"
)

// GetTokenUsage reads the usage out of a body or a chunk of server-sent events and stores what it finds as user
// attributes of the stream. Call it for each chunk in order. Later events overwrite earlier ones; without any usage
// the result is empty and no attribute is set.
func GetTokenUsage(ctx wrapper.HttpContext, body []byte) TokenUsage {
	u := TokenUsage{InputTokenDetails: map[string]int64{}, OutputTokenDetails: map[string]int64{}}
	parts := bytes.Split(wrapper.UnifySSEChunk(body), []byte("\n\n"))
	for _, part := range parts {
		if part = complete(ctx, part); part != nil {
			extract(ctx, part, &u)
		}
	}
	return u
}

// complete returns a part that holds usage: the part itself, or the text of a completed answer whose event arrived in
// several pieces, once its end is here.
func complete(ctx wrapper.HttpContext, part []byte) []byte {
	if ctx.GetBoolContext(collectingKey, false) {
		collected := ctx.GetByteSliceContext(collectedKey, nil)
		if len(part) > 0 {
			ctx.SetContext(collectedKey, append(collected[:len(collected):len(collected)], part...))
			return nil
		}
		ctx.SetContext(collectingKey, false)
		ctx.SetContext(collectedKey, []byte(nil))
		return collected
	}
	if bytes.Contains(part, []byte(`"usage"`)) || bytes.Contains(part, []byte(`"usageMetadata"`)) {
		return part
	}
	if bytes.Contains(part, []byte(`"response.completed"`)) {
		ctx.SetContext(collectingKey, true)
		ctx.SetContext(collectedKey, bytes.Clone(part))
	}
	return nil
}

func extract(ctx wrapper.HttpContext, part []byte, u *TokenUsage) {
	ExtractModel(ctx, part, u)
	ExtractInputTokens(ctx, part, u)
	ExtractOutputTokens(ctx, part, u)
	ExtractInputTokenDetails(ctx, part, u)
	ExtractOutputTokenDetails(ctx, part, u)
	ExtractTotalTokens(ctx, part, u)
}
