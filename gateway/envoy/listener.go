package envoy

import (
	"errors"
	"fmt"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// internalRanges are the addresses of internal clients for the local gateway: loopback and private networks. Envoy
// trusts none by itself since 1.33.
var internalRanges = []struct {
	prefix string
	length int
}{{"127.0.0.0", 8}, {"10.0.0.0", 8}, {"172.16.0.0", 12}, {"192.168.0.0", 16}, {"::1", 128}, {"fc00::", 7}}

// minimalWindow is the smallest HTTP/2 stream window that Envoy takes. It bounds the buffers of HTTP/2 streams, as the
// connection's limit does those of HTTP/1.
const minimalWindow = 65535

// generateListener makes a config.listener.v3.Listener with routes and plugins.
func generateListener(s *manifest.Snapshot, opts Options, name string) (object, error) {
	address, err := socketAddress(opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	routes, routesErr := generateRoutes(s.Routes, name)
	filters, filtersErr := generateFilters(s.Plugins, opts)
	if err := errors.Join(filtersErr, routesErr); err != nil {
		return nil, err
	}
	manager := object{
		"@type":        typeURL("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
		"stat_prefix":  "gateway",
		"codec_type":   "AUTO",
		"route_config": routes,
		"http_filters": filters,
		"server_name":  "wasmplane",

		"use_remote_address":           true,
		"internal_address_config":      object{"cidr_ranges": cidrRanges()},
		"generate_request_id":          true,
		"preserve_external_request_id": true,

		"normalize_path":                   false,
		"merge_slashes":                    false,
		"path_with_escaped_slashes_action": "KEEP_UNCHANGED",

		"http_protocol_options":  object{"accept_http_10": true},
		"http2_protocol_options": object{"initial_stream_window_size": minimalWindow},
		"stream_idle_timeout":    seconds(opts.StreamIdleTimeout),
		"upgrade_configs":        []any{object{"upgrade_type": "websocket"}},
	}
	if !opts.NoAccessLog {
		manager["access_log"] = []any{accessLog(opts)}
	}
	return object{
		"name":                              name,
		"address":                           address,
		"per_connection_buffer_limit_bytes": opts.BufferLimit,
		"filter_chains": []any{object{"filters": []any{object{
			"name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
		}}}},
	}, nil
}

func cidrRanges() []any {
	var ranges []any
	for _, r := range internalRanges {
		ranges = append(ranges, object{"address_prefix": r.prefix, "prefix_len": r.length})
	}
	return ranges
}
