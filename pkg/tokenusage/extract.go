package tokenusage

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

var (
	chatIDPaths = []string{ChatIdPathOpenAIChatCompletions, ChatIdPathOpenAIResponses, ChatIdPathGemini,
		ChatIdPathAnthropicMessages}
	modelPaths = []string{ModelPathOpenAIChatCompletions, ModelPathOpenAIBatches, ModelPathOpenAIResponses,
		ModelPathAnthropicMessages, ModelPathGeminiGenerateContent}
	inputPaths = []string{UsageInputTokensPathOpenAIChatCompletions, UsageInputTokensPathOpenAIImages,
		UsageInputTokensPathOpenAIResponses, UsageInputTokensPathGemini, UsageInputTokensPathAnthropicMessages}
	outputPaths = []string{UsageOutputTokensPathOpenAIChatCompletions, UsageOutputTokensPathOpenAIImages,
		UsageOutputTokensPathOpenAIResponses, UsageOutputTokensPathGemini, UsageOutputTokensPathAnthropicMessages}
	inputDetailPaths = []string{UsageInputTokensDetailsPathOpenAIChatCompletions, UsageInputTokensDetailsPathOpenAIResponses,
		UsageInputTokensDetailsPathDoubao, UsageInputTokensDetailsPathGemini}
	outputDetailPaths = []string{UsageOutputTokensDetailsPathOpenAIChatCompletions,
		UsageOutputTokensDetailsPathOpenAIResponses, UsageOutputTokensDetailsPathDoubao, UsageOutputTokensDetailsPathGemini}
	totalPaths = []string{UsageTotalTokensPathOpenAIChatCompletions, UsageTotalTokensPathOpenAIResponses,
		UsageTotalTokensPathGemini}
)

// ExtractChatId stores the conversation's id, if the body has one.
func ExtractChatId(ctx wrapper.HttpContext, body []byte) {
	if id := wrapper.GetValueFromBody(body, chatIDPaths); id != nil {
		ctx.SetUserAttribute(CtxKeyChatId, id.String())
	}
}

// ExtractModel reads the model: from the body, else the attribute of an earlier chunk, else the request's model that
// the plugin put into the stream context, else `unknown`.
func ExtractModel(ctx wrapper.HttpContext, body []byte, u *TokenUsage) {
	u.Model = model(ctx, body)
	ctx.SetUserAttribute(CtxKeyModel, u.Model)
}

func model(ctx wrapper.HttpContext, body []byte) string {
	if found := wrapper.GetValueFromBody(body, modelPaths); found != nil {
		return found.String()
	}
	if earlier, ok := ctx.GetUserAttribute(CtxKeyModel).(string); ok && earlier != ModelEmpty && earlier != ModelUnknown {
		return earlier
	}
	return ctx.GetStringContext(CtxKeyRequestModel, ModelUnknown)
}

// ExtractInputTokens reads the input tokens, else keeps those of an earlier chunk.
func ExtractInputTokens(ctx wrapper.HttpContext, body []byte, u *TokenUsage) {
	u.InputToken = count(ctx, body, inputPaths, CtxKeyInputToken)
}

// ExtractOutputTokens reads the output tokens, else keeps those of an earlier chunk.
func ExtractOutputTokens(ctx wrapper.HttpContext, body []byte, u *TokenUsage) {
	u.OutputToken = count(ctx, body, outputPaths, CtxKeyOutputToken)
}

func count(ctx wrapper.HttpContext, body []byte, paths []string, attribute string) int64 {
	n := int64(0)
	if found := wrapper.GetValueFromBody(body, paths); found != nil {
		n = found.Int()
	} else if earlier, ok := ctx.GetUserAttribute(attribute).(int64); ok && earlier > 0 {
		n = earlier
	}
	ctx.SetUserAttribute(attribute, n)
	return n
}

// ExtractInputTokenDetails reads what kinds of input tokens there were.
func ExtractInputTokenDetails(ctx wrapper.HttpContext, body []byte, u *TokenUsage) {
	details := members(body, inputDetailPaths)
	note(details, InputTokenDetailsKeyGeminiCachedContentTokenCount, body, UsageMetadataCachedContentTokenCountPathGemini)
	note(details, InputTokenDetailsKeyGeminiToolUsePromptTokenCount, body, UsageMetadataToolUsePromptTokenCountPathGemini)
	if n, ok := note(details, InputTokenDetailsKeyAnthropicMessagesUsageCacheCreationInputTokens, body,
		UsageCacheCreationInputTokensPathAnthropicMessages); ok {
		u.AnthropicCacheCreationInputToken = n
	}
	if n, ok := note(details, InputTokenDetailsKeyAnthropicMessagesUsageCacheReadInputTokens, body,
		UsageCacheReadInputTokensPathAnthropicMessages); ok {
		u.AnthropicCacheReadInputToken = n
	}
	u.InputTokenDetails = keep(ctx, CtxKeyInputTokenDetails, details)
}

// ExtractOutputTokenDetails reads what kinds of output tokens there were.
func ExtractOutputTokenDetails(ctx wrapper.HttpContext, body []byte, u *TokenUsage) {
	details := members(body, outputDetailPaths)
	note(details, OutputTokenDetailsKeyGeminiThoughtsTokenCount, body, UsageMetadataThoughtsTokenCountPathGemini)
	note(details, OutputTokenDetailsKeyDoubaoGeneratedImages, body, UsageGeneratedImagesPathDoubao)
	u.OutputTokenDetails = keep(ctx, CtxKeyOutputTokenDetails, details)
}

// members reads the members of the first object that exists as numbers.
func members(body []byte, paths []string) map[string]int64 {
	details := map[string]int64{}
	found := wrapper.GetValueFromBody(body, paths)
	if found == nil || !found.IsObject() {
		return details
	}
	found.ForEach(func(key, value gjson.Result) bool {
		details[key.String()] = value.Int()
		return true
	})
	return details
}

func note(details map[string]int64, key string, body []byte, path string) (int64, bool) {
	found := wrapper.GetValueFromBody(body, []string{path})
	if found == nil {
		return 0, false
	}
	details[key] = found.Int()
	return found.Int(), true
}

// keep stores details; without any, those of an earlier chunk stay.
func keep(ctx wrapper.HttpContext, attribute string, details map[string]int64) map[string]int64 {
	if len(details) > 0 {
		ctx.SetUserAttribute(attribute, details)
		return details
	}
	if earlier, ok := ctx.GetUserAttribute(attribute).(map[string]int64); ok {
		return earlier
	}
	return details
}

// ExtractTotalTokens reads the total, else adds up what u holds.
func ExtractTotalTokens(ctx wrapper.HttpContext, body []byte, u *TokenUsage) {
	if found := wrapper.GetValueFromBody(body, totalPaths); found != nil {
		u.TotalToken = found.Int()
	} else {
		u.TotalToken = u.InputToken + u.OutputToken + u.AnthropicCacheCreationInputToken + u.AnthropicCacheReadInputToken
	}
	ctx.SetUserAttribute(CtxKeyTotalToken, u.TotalToken)
}
