package wrapper

// ReadBinaryRequestBody makes the request body handlers run for bodies that IsBinaryRequestBody names binary, too:
// `octet-stream`, gRPC and anything with a content-encoding. Without it the SDK does not read them. A request header
// handler that wants only some of them calls DontReadRequestBody for the others. Buffering a gRPC stream that goes both
// ways stalls it; a streaming handler does not.
func ReadBinaryRequestBody[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.readBinaryRequest = true })
}
