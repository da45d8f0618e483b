package wrapper

// FailClosed makes the plugin refuse what it cannot decide. Plugins that authenticate, authorise, limit or filter use
// it. Refused with status 500 and an empty body are:
//   - a stream during which the plugin panicked, in a handler or in the callback of a call-out (details
//     `<plugin>.internal_error`); once the response headers are out, the stream is reset;
//   - a request for which the host cannot say which rule applies, because rules depend on its domain, route or
//     service and the host gives no such information (details `<plugin>.no_route_information`).
//
// Handlers of the stream do not run after that, except the one for its end. Without this option a panic lets the
// stream go on, and rules that cannot be checked do not match.
func FailClosed[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.failClosed = true })
}

// NoRouteCall declares that the plugin never calls HttpContext.RouteCall, which then returns an error. The linked
// plugin needs no response phases for it.
func NoRouteCall[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.noRouteCall = true })
}

// WithoutRequestSnapshot declares that response handlers and the stream-done handler never ask for Scheme, Host, Path,
// Method, IsWebsocket or IsBinaryRequestBody. The SDK then does not read the request headers for them, which saves
// one host call a stream. Asked all the same, these methods may return zero values in those phases.
func WithoutRequestSnapshot[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.noRequestSnapshot = true })
}

// WithoutInPlaceBodyEdits declares that streaming handlers never write into the chunk they are given: a chunk returned
// as it came is unmodified. The SDK then needs no copy to find out whether the host must be told.
func WithoutInPlaceBodyEdits[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.noInPlaceBodyEdits = true })
}

// ReadsRequestHeaders declares that the request header handler reads most requests' headers with RequestHeaders. Where
// rules need the domain, the SDK then takes it from the same read: one host call instead of two.
func ReadsRequestHeaders[PluginConfig any]() CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.readsRequestHeaders = true })
}
