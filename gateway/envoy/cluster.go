package envoy

import (
	"net"
	"net/netip"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// generateClusters makes a config.cluster.v3.Cluster for each cluster of the snapshot.
func generateClusters(s *manifest.Snapshot, opts Options) ([]any, error) {
	return collect(s.Clusters, func(c *manifest.Cluster) (any, error) { return generateCluster(c, opts) })
}

func generateCluster(c *manifest.Cluster, opts Options) (any, error) {
	cluster := object{
		"name":            c.Name,
		"type":            "STATIC",
		"connect_timeout": seconds(opts.ConnectTimeout),
	}
	endpoints, err := collect(c.Endpoints, func(endpoint string) (any, error) {
		address, err := socketAddress(endpoint)
		if err != nil {
			return nil, refusal(c.Source, "cluster "+c.Name, "endpoints", "%v", err)
		}
		return object{"endpoint": object{"address": address}}, nil
	})
	if err != nil {
		return nil, err
	}
	for _, endpoint := range c.Endpoints {
		if _, err := netip.ParseAddrPort(endpoint); err != nil {
			cluster["type"], cluster["dns_lookup_family"] = "STRICT_DNS", "V4_PREFERRED"
		}
	}
	cluster["load_assignment"] = object{"cluster_name": c.Name, "endpoints": []any{object{"lb_endpoints": endpoints}}}
	if c.Protocol == manifest.HTTP2 {
		cluster["typed_extension_protocol_options"] = object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
			"@type":                typeURL("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
			"explicit_http_config": object{"http2_protocol_options": object{}},
		}}
	}
	if c.TLS {
		cluster["transport_socket"] = tlsSocket(c, opts)
	}
	return cluster, nil
}

// tlsSocket verifies the server's certificate as the local gateway does: chain and name.
func tlsSocket(c *manifest.Cluster, opts Options) object {
	name := c.SNI
	if name == "" && len(c.Endpoints) > 0 {
		name, _, _ = net.SplitHostPort(c.Endpoints[0])
	}
	common := object{}
	if c.Protocol == manifest.HTTP2 {
		common["alpn_protocols"] = []any{"h2"}
	}
	if !opts.InsecureTLS {
		validation := object{"trusted_ca": object{"filename": opts.TrustedCA}}
		if name != "" {
			kind := "DNS"
			if _, err := netip.ParseAddr(name); err == nil {
				kind = "IP_ADDRESS"
			}
			validation["match_typed_subject_alt_names"] = []any{object{"san_type": kind, "matcher": object{"exact": strings.ToLower(name)}}}
		}
		common["validation_context"] = validation
	}
	context := object{
		"@type":              typeURL("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
		"common_tls_context": common,
	}
	if _, err := netip.ParseAddr(name); err != nil && name != "" {
		context["sni"] = name
	}
	return object{"name": "envoy.transport_sockets.tls", "typed_config": context}
}
