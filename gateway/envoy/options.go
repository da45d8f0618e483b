package envoy

import (
	"os"
	"time"

	"github.com/wasmplane/wasmplane/gateway/certificate"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// Options say what a generated configuration does besides what the manifests say. The zero value listens where the
// local gateway does and has its limits.
type Options struct {
	Listen string // address of the listener; empty means 127.0.0.1:10000
	Admin  string // address of Envoy's admin endpoints; empty means 127.0.0.1:15000

	// Certificate makes the listener take TLS as well as plain connections; nil means plain ones only.
	Certificate *certificate.Pair
	// ProxyProtocol makes the listener take the PROXY protocol's header before a connection's first bytes;
	// ProxyProtocolRequired closes connections without one.
	ProxyProtocol, ProxyProtocolRequired bool

	BufferLimit       int           // bytes a connection; 0 means 32768, as in the local gateway
	StreamIdleTimeout time.Duration // 0 means 5 min
	ConnectTimeout    time.Duration // of upstreams; 0 means 5 s
	InsecureTLS       bool          // accept any certificate of TLS upstreams
	TrustedCA         string        // file with the certificate authorities of TLS upstreams; empty means defaultCA
	NoAccessLog       bool
	LogRequestHeaders bool // write the request headers, as the plugins left them, into the access log

	// Filename gives the path at which Envoy finds a plugin's module; nil means the path in the plugin's file URL. The
	// module that is checked is always the one of the URL.
	Filename func(*manifest.Plugin) string
}

// defaultCA is where Debian, Ubuntu, Alpine, and so Envoy's images, keep certificate authorities.
const defaultCA = "/etc/ssl/certs/ca-certificates.crt"

// SystemCA returns the file with this machine's certificate authorities: $SSL_CERT_FILE, else where systems keep it.
func SystemCA() string {
	for _, path := range []string{os.Getenv("SSL_CERT_FILE"), defaultCA,
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"} {
		if _, err := os.Stat(path); path != "" && err == nil {
			return path
		}
	}
	return defaultCA
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:10000"
	}
	if o.Admin == "" {
		o.Admin = "127.0.0.1:15000"
	}
	if o.TrustedCA == "" {
		o.TrustedCA = defaultCA
	}
	if o.BufferLimit == 0 {
		o.BufferLimit = 32768
	}
	if o.StreamIdleTimeout == 0 {
		o.StreamIdleTimeout = 5 * time.Minute
	}
	if o.ConnectTimeout == 0 {
		o.ConnectTimeout = 5 * time.Second
	}
	return o
}
