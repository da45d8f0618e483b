package wrapper

// ReadBinaryRequestBody makes the request body handlers run for bodies that IsBinaryRequestBody names binary, too:
// `octet-stream`, gRPC and anything with a content-encoding. Without it the SDK does not read them. A request header
// handler that wants only some of them calls DontReadRequestBody for the others. Buffering a gRPC stream that goes both
// ways stalls it; a streaming handler does not.
//
// Without it, a request header handler that returns types.HeaderStopIteration, and neither declines the body nor starts a
// call-out, is shown the body all the same where only a parameter of the type or `content-encoding: identity` made it
// binary, and with FailClosed always. Other plugins do not see a body that is OpaqueBody: its first piece lets the headers
// go. It is the same in responses.
func ReadBinaryRequestBody[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.readBinaryRequest = true })
}

// ReadBinaryResponseBody is ReadBinaryRequestBody for responses: the response body handlers run for bodies that
// IsBinaryResponseBody names binary, too.
func ReadBinaryResponseBody[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.readBinaryResponse = true })
}
