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
	listener := object{
		"name":                              name,
		"address":                           address,
		"per_connection_buffer_limit_bytes": opts.BufferLimit,
		"filter_chains":                     filterChains(manager, opts),
	}
	if filters := listenerFilters(opts); len(filters) > 0 {
		listener["listener_filters"] = filters
	}
	return listener, nil
}

// listenerFilters are what reads the first bytes of a connection.
func listenerFilters(opts Options) []any {
	var filters []any
	if opts.ProxyProtocol || opts.ProxyProtocolRequired {
		filters = append(filters, object{
			"name": "envoy.filters.listener.proxy_protocol",
			"typed_config": object{
				"@type":                                 typeURL("envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"),
				"allow_requests_without_proxy_protocol": !opts.ProxyProtocolRequired,
			},
		})
	}
	if opts.Certificate != nil {
		filters = append(filters, object{
			"name":         "envoy.filters.listener.tls_inspector",
			"typed_config": object{"@type": typeURL("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector")},
		})
	}
	return filters
}

// filterChains are one for plain connections and, with a certificate, one for TLS with the same filters. Plugins are not
// there twice: Envoy has one for equal configurations on each thread.
func filterChains(manager object, opts Options) []any {
	filters := []any{object{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}}
	plain := object{"filters": filters}
	if opts.Certificate == nil {
		return []any{plain}
	}
	plain["name"], plain["filter_chain_match"] = "plain", object{"transport_protocol": "raw_buffer"}
	return []any{plain, object{
		"name":               "tls",
		"filter_chain_match": object{"transport_protocol": "tls"},
		"filters":            filters,
		"transport_socket": object{"name": "envoy.transport_sockets.tls", "typed_config": object{
			"@type": typeURL("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
			"common_tls_context": object{
				"alpn_protocols": []any{"h2", "http/1.1"},
				"tls_certificates": []any{object{
					"certificate_chain": object{"inline_string": string(opts.Certificate.Certificate)},
					"private_key":       object{"inline_string": string(opts.Certificate.Key)},
				}},
			},
		}},
	}}
}

func cidrRanges() []any {
	var ranges []any
	for _, r := range internalRanges {
		ranges = append(ranges, object{"address_prefix": r.prefix, "prefix_len": r.length})
	}
	return ranges
}
