package tokenusage

// User attributes and context keys that the extractors read and write.
const (
	CtxKeyInputToken         = "input_token"
	CtxKeyInputTokenDetails  = "input_token_details"
	CtxKeyOutputToken        = "output_token"
	CtxKeyOutputTokenDetails = "output_token_details"
	CtxKeyTotalToken         = "total_token"
	CtxKeyModel              = "model"
	CtxKeyRequestModel       = "request_model"
	CtxKeyChatId             = "chat_id"
)

// Values of the model attribute that say nothing.
const (
	ModelEmpty   = ""
	ModelUnknown = "unknown"
)

// Where the providers' answers keep the id of the conversation.
const (
	ChatIdPathOpenAIChatCompletions = "id"
	ChatIdPathOpenAIResponses       = "response.id"
	ChatIdPathGemini                = "responseId"
	ChatIdPathAnthropicMessages     = "message.id"
)

// Where the providers' answers keep the model.
const (
	ModelPathOpenAIChatCompletions = "model"
	ModelPathOpenAIBatches         = "body.model"
	ModelPathOpenAIResponses       = "response.model"
	ModelPathAnthropicMessages     = "message.model"
	ModelPathGeminiGenerateContent = "modelVersion"
)

// Where the providers' answers keep the input tokens and their details.
const (
	UsageInputTokensPathOpenAIChatCompletions = "usage.prompt_tokens"
	UsageInputTokensPathOpenAIImages          = "usage.input_tokens"
	UsageInputTokensPathOpenAIResponses       = "response.usage.input_tokens"
	UsageInputTokensPathGemini                = "usageMetadata.promptTokenCount"
	UsageInputTokensPathAnthropicMessages     = "message.usage.input_tokens"

	UsageCacheCreationInputTokensPathAnthropicMessages = "usage.cache_creation_input_tokens"
	UsageCacheReadInputTokensPathAnthropicMessages     = "usage.cache_read_input_tokens"

	UsageInputTokensDetailsPathOpenAIChatCompletions = "usage.prompt_tokens_details"
	UsageInputTokensDetailsPathOpenAIResponses       = "response.usage.input_tokens_details"
	UsageInputTokensDetailsPathDoubao                = "usage.input_tokens_details"
	UsageInputTokensDetailsPathGemini                = "usageMetadata.promptTokensDetails"
)

// Where the providers' answers keep the output tokens and their details.
const (
	UsageOutputTokensPathOpenAIChatCompletions = "usage.completion_tokens"
	UsageOutputTokensPathOpenAIImages          = "usage.output_tokens"
	UsageOutputTokensPathOpenAIResponses       = "response.usage.output_tokens"
	UsageOutputTokensPathGemini                = "usageMetadata.candidatesTokenCount"
	UsageOutputTokensPathAnthropicMessages     = "message.usage.output_tokens"

	UsageMetadataThoughtsTokenCountPathGemini      = "usageMetadata.thoughtsTokenCount"
	UsageMetadataCachedContentTokenCountPathGemini = "usageMetadata.cachedContentTokenCount"
	UsageMetadataToolUsePromptTokenCountPathGemini = "usageMetadata.toolUsePromptTokenCount"
	UsageGeneratedImagesPathDoubao                 = "usage.generated_images"

	UsageOutputTokensDetailsPathOpenAIChatCompletions = "usage.completion_tokens_details"
	UsageOutputTokensDetailsPathOpenAIResponses       = "response.usage.output_tokens_details"
	UsageOutputTokensDetailsPathDoubao                = "usage.output_tokens_details"
	UsageOutputTokensDetailsPathGemini                = "usageMetadata.candidatesTokensDetails"
)

// Where the providers' answers keep the total.
const (
	UsageTotalTokensPathOpenAIChatCompletions = "usage.total_tokens"
	UsageTotalTokensPathOpenAIResponses       = "response.usage.total_tokens"
	UsageTotalTokensPathGemini                = "usageMetadata.totalTokenCount"
)

// Keys in the details of counts that the providers keep elsewhere.
const (
	InputTokenDetailsKeyAnthropicMessagesUsageCacheCreationInputTokens = "cache_creation_input_tokens"
	InputTokenDetailsKeyAnthropicMessagesUsageCacheReadInputTokens     = "cache_read_input_tokens"
	InputTokenDetailsKeyGeminiCachedContentTokenCount                  = "cached_content_token_count"
	InputTokenDetailsKeyGeminiToolUsePromptTokenCount                  = "tool_use_prompt_token_count"

	OutputTokenDetailsKeyDoubaoGeneratedImages    = "generated_images"
	OutputTokenDetailsKeyGeminiThoughtsTokenCount = "thoughts_token_count"
)
