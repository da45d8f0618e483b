package envoy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/certificate"
)

func TestListenerForTLSAndProxyProtocol(t *testing.T) {
	pair := &certificate.Pair{Certificate: []byte("CERT"), Key: []byte("KEY")}
	const proxy, inspector = "envoy.filters.listener.proxy_protocol", "envoy.filters.listener.tls_inspector"
	for _, test := range []struct {
		name     string
		opts     Options
		filters  []string
		optional any // whether the PROXY protocol's header may be missing
		chains   []string
	}{
		{"plain", Options{}, nil, nil, []string{""}},
		{"PROXY protocol", Options{ProxyProtocol: true}, []string{proxy}, true, []string{""}},
		{"PROXY protocol, required", Options{ProxyProtocolRequired: true}, []string{proxy}, false, []string{""}},
		{"TLS", Options{Certificate: pair}, []string{inspector}, nil, []string{"raw_buffer", "tls"}},
		{"both: the client's address comes first", Options{Certificate: pair, ProxyProtocol: true}, []string{proxy, inspector}, true, []string{"raw_buffer", "tls"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener, err := generateListener(everything(t), test.opts.withDefaults(), listenerName)
			require.NoError(t, err)
			filters, _ := listener["listener_filters"].([]any)
			var names []string
			for _, f := range filters {
				names = append(names, f.(object)["name"].(string))
			}
			assert.Equal(t, test.filters, names)
			if test.optional != nil {
				assert.Equal(t, test.optional, filters[0].(object)["typed_config"].(object)["allow_requests_without_proxy_protocol"])
			}
			var chains []string
			var managers []any
			for _, c := range listener["filter_chains"].([]any) {
				chain := c.(object)
				match, _ := chain["filter_chain_match"].(object)
				protocol, _ := match["transport_protocol"].(string)
				chains = append(chains, protocol)
				managers = append(managers, chain["filters"])
				if protocol == "tls" {
					common := chain["transport_socket"].(object)["typed_config"].(object)["common_tls_context"].(object)
					assert.Equal(t, []any{"h2", "http/1.1"}, common["alpn_protocols"])
					own := common["tls_certificates"].([]any)[0].(object)
					assert.Equal(t, object{"inline_string": "CERT"}, own["certificate_chain"])
					assert.Equal(t, object{"inline_string": "KEY"}, own["private_key"])
				}
			}
			assert.Equal(t, test.chains, chains)
			for _, m := range managers {
				assert.Equal(t, managers[0], m, "each has the same filters")
			}
		})
	}
}
