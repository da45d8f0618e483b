package envoy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// logFormat is the access log's line: the names are those of the local gateway's (server.AccessLogEntry), the values
// Envoy's command operators.
var logFormat = object{
	"start_time":                        "%START_TIME%",
	"method":                            "%REQ(:METHOD)%",
	"authority":                         "%REQ(X-ENVOY-ORIGINAL-HOST?:AUTHORITY)%",
	"path":                              "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
	"protocol":                          "%PROTOCOL%",
	"request_id":                        "%REQ(X-REQUEST-ID)%",
	"route_name":                        "%ROUTE_NAME%",
	"upstream_cluster":                  "%UPSTREAM_CLUSTER_RAW%",
	"upstream_host":                     "%UPSTREAM_HOST%",
	"response_code":                     "%RESPONSE_CODE%",
	"response_flags":                    "%RESPONSE_FLAGS%",
	"response_code_details":             "%RESPONSE_CODE_DETAILS%",
	"bytes_received":                    "%BYTES_RECEIVED%",
	"bytes_sent":                        "%BYTES_SENT%",
	"duration":                          "%DURATION%",
	"request_duration":                  "%REQUEST_DURATION%",
	"upstream_service_time":             "%RESPONSE_DURATION%",
	"downstream_remote_address":         "%DOWNSTREAM_REMOTE_ADDRESS%",
	"downstream_local_address":          "%DOWNSTREAM_LOCAL_ADDRESS%",
	"x_forwarded_for":                   "%REQ(X-FORWARDED-FOR)%",
	"user_agent":                        "%REQ(USER-AGENT)%",
	"requested_server_name":             "%REQUESTED_SERVER_NAME%",
	"downstream_tls_version":            "%DOWNSTREAM_TLS_VERSION%",
	"upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
	"custom_log":                        "%FILTER_STATE(wasm.custom_log:PLAIN)%",
	"ai_log":                            "%FILTER_STATE(wasm.ai_log:PLAIN)%",
	"log_request_headers":               "%FILTER_STATE(wasm.log-request-headers:PLAIN)%",
	"log_request_body":                  "%FILTER_STATE(wasm.log-request-body:PLAIN)%",
	"log_response_headers":              "%FILTER_STATE(wasm.log-response-headers:PLAIN)%",
	"log_response_body":                 "%FILTER_STATE(wasm.log-response-body:PLAIN)%",
}

// accessLog makes a config.accesslog.v3.AccessLog that writes JSON lines to the standard output.
func accessLog(opts Options) object {
	format := maps.Clone(logFormat)
	if opts.LogRequestHeaders {
		format[requestHeaders] = "%TYPED_CEL(request.headers)%"
	}
	return object{
		"name": "envoy.access_loggers.stdout",
		"typed_config": object{
			"@type":      typeURL("envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"),
			"log_format": object{"json_format": format},
		},
	}
}

// requestHeaders is the field of Options.LogRequestHeaders. Envoy joins the values of a header with commas there.
const requestHeaders = "request_headers"

// Fields that the local gateway leaves out when they are empty, those in which plugins have escaped a text for a place
// between quotes, and those that are -1 where nothing was measured.
var (
	optionalFields = append([]string{"upstream_transport_failure_reason"}, escapedFields...)
	escapedFields  = []string{"custom_log", "ai_log", "log_request_headers", "log_request_body", "log_response_headers",
		"log_response_body"}
	durationFields = []string{"request_duration", "upstream_service_time"}
)

// normalise turns a line of Envoy's access log into what the local gateway writes for the same exchange. What Envoy
// does not know is null there. plugins are the filter names of the chain, for the details of their local replies.
func normalise(entry map[string]any, plugins []string) {
	for _, name := range optionalFields {
		if entry[name] == nil {
			delete(entry, name)
		}
	}
	for _, name := range escapedFields {
		if text, ok := entry[name].(string); ok {
			entry[name] = unescape(text)
		}
	}
	for _, name := range durationFields {
		if entry[name] == nil {
			entry[name] = -1.0
		}
	}
	for name, value := range entry {
		if value == nil || value == "-" {
			entry[name] = ""
		}
	}
	if headers, ok := entry[requestHeaders].(map[string]any); ok {
		for name, value := range headers {
			headers[name] = []any{value}
		}
	}
	if details, _ := entry["response_code_details"].(string); details != "" {
		entry["response_code_details"] = qualify(details, plugins)
	}
}

// unescape undoes the escaping of a text between the quotes of a JSON string. What is none stays.
func unescape(text string) string {
	var plain string
	if json.Unmarshal([]byte(`"`+text+`"`), &plain) == nil {
		return plain
	}
	return text
}

// qualify adds what Higress puts before the details of a plugin's local reply, "via_wasm::<plugin>::". A stock Envoy
// writes the bare text. In a chain of several plugins the one that answered is told by the convention that details begin
// with its name and a dot; where that says nothing, the details stay as they are.
func qualify(details string, plugins []string) string {
	if native(details) {
		return details
	}
	if len(plugins) == 1 {
		return "via_wasm::" + plugins[0] + "::" + details
	}
	prefix, _, _ := strings.Cut(details, ".")
	for _, filter := range plugins {
		if _, name, _ := strings.Cut(filter, "."); name == prefix {
			return "via_wasm::" + filter + "::" + details
		}
	}
	return details
}

// nativeDetails and nativePrefixes tell the details that Envoy's own parts write (Envoy: "Response code details").
var (
	nativeDetails = strings.Fields(`
		via_upstream direct_response response_timeout per_try_timeout route_not_found cluster_not_found
		no_healthy_upstream no_cluster_found request_payload_too_large response_payload_too_large stream_idle_timeout
		max_duration_timeout request_overall_timeout request_header_timeout missing_host_header missing_path_rejected
		low_version path_normalization_failed internal_redirect overload duration_timeout late_upstream_reset
		filter_chain_not_found upgrade_failed admin_filter_response filter_removed_required_request_headers
		filter_removed_required_response_headers invalid_request_headers_set_by_filter wasm_fail_stream
		wasm_close_stream maintenance_mode codec_error connection_termination local_reply route_configuration_not_found`)
	nativePrefixes = []string{"upstream_", "downstream_", "http1.", "http2.", "http3.", "via_wasm::", "codec_error:",
		"filter_removed_required", "invalid_request_headers_set_by_filter", "idle_timeout"}
)

func native(details string) bool {
	return slices.Contains(nativeDetails, details) ||
		slices.ContainsFunc(nativePrefixes, func(prefix string) bool { return strings.HasPrefix(details, prefix) })
}
