package abi

// guestFunctionIndex numbers the exports that the host calls.
type guestFunctionIndex int

const (
	guestInitialize guestFunctionIndex = iota
	guestStart
	guestMain
	guestMalloc
	guestAllocate
	guestContextCreate
	guestVMStart
	guestConfigure
	guestTick
	guestRequestHeaders
	guestRequestBody
	guestRequestTrailers
	guestRequestMetadata
	guestResponseHeaders
	guestResponseBody
	guestResponseTrailers
	guestResponseMetadata
	guestHTTPCallResponse
	guestRedisCallResponse
	guestGRPCInitialMetadata
	guestGRPCReceive
	guestGRPCTrailingMetadata
	guestGRPCClose
	guestQueueReady
	guestForeignFunction
	guestNewConnection
	guestDownstreamData
	guestUpstreamData
	guestDownstreamClose
	guestUpstreamClose
	guestDone
	guestLog
	guestDelete
	guestFunctionCount
)

// guestFunction is an export that the host uses. All of them are optional.
type guestFunction struct {
	name      string
	signature signature
}

var guestFunctions = [guestFunctionCount]guestFunction{
	guestInitialize:           {"_initialize", ""},
	guestStart:                {"_start", ""},
	guestMain:                 {"main", "ii>i"},
	guestMalloc:               {"malloc", "i>i"},
	guestAllocate:             {"proxy_on_memory_allocate", "i>i"},
	guestContextCreate:        {"proxy_on_context_create", "ii"},
	guestVMStart:              {"proxy_on_vm_start", "ii>i"},
	guestConfigure:            {"proxy_on_configure", "ii>i"},
	guestTick:                 {"proxy_on_tick", "i"},
	guestRequestHeaders:       {"proxy_on_request_headers", "iii>i"},
	guestRequestBody:          {"proxy_on_request_body", "iii>i"},
	guestRequestTrailers:      {"proxy_on_request_trailers", "ii>i"},
	guestRequestMetadata:      {"proxy_on_request_metadata", "ii>i"},
	guestResponseHeaders:      {"proxy_on_response_headers", "iii>i"},
	guestResponseBody:         {"proxy_on_response_body", "iii>i"},
	guestResponseTrailers:     {"proxy_on_response_trailers", "ii>i"},
	guestResponseMetadata:     {"proxy_on_response_metadata", "ii>i"},
	guestHTTPCallResponse:     {"proxy_on_http_call_response", "iiiii"},
	guestRedisCallResponse:    {"proxy_on_redis_call_response", "iiii"},
	guestGRPCInitialMetadata:  {"proxy_on_grpc_receive_initial_metadata", "iii"},
	guestGRPCReceive:          {"proxy_on_grpc_receive", "iii"},
	guestGRPCTrailingMetadata: {"proxy_on_grpc_receive_trailing_metadata", "iii"},
	guestGRPCClose:            {"proxy_on_grpc_close", "iii"},
	guestQueueReady:           {"proxy_on_queue_ready", "ii"},
	guestForeignFunction:      {"proxy_on_foreign_function", "iii"},
	guestNewConnection:        {"proxy_on_new_connection", "i>i"},
	guestDownstreamData:       {"proxy_on_downstream_data", "iii>i"},
	guestUpstreamData:         {"proxy_on_upstream_data", "iii>i"},
	guestDownstreamClose:      {"proxy_on_downstream_connection_close", "ii"},
	guestUpstreamClose:        {"proxy_on_upstream_connection_close", "ii"},
	guestDone:                 {"proxy_on_done", "i>i"},
	guestLog:                  {"proxy_on_log", "i"},
	guestDelete:               {"proxy_on_delete", "i"},
}

// signatureFor returns the function's type in an ABI version: 0.1.0 has no end-of-stream parameter for headers.
func (g *guestFunction) signatureFor(v Version) signature {
	if v == Version010 && (g.name == "proxy_on_request_headers" || g.name == "proxy_on_response_headers") {
		return "ii>i"
	}
	return g.signature
}
