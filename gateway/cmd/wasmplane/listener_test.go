package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/certificate"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// listenerConfig parses a command line.
func listenerConfig(t *testing.T, args ...string) (server.Config, error) {
	t.Helper()
	var f listenerFlags
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	f.add(flags)
	require.NoError(t, flags.Parse(args))
	config := server.Config{Listen: "192.0.2.9:8443"}
	err := f.apply(&config)
	return config, err
}

func TestListenerFlags(t *testing.T) {
	pair, err := certificate.SelfSigned("a.test")
	require.NoError(t, err)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(cert, pair.Certificate, 0o600))
	require.NoError(t, os.WriteFile(key, pair.Key, 0o600))

	config, err := listenerConfig(t)
	require.NoError(t, err)
	assert.Equal(t, server.Config{Listen: "192.0.2.9:8443"}, config)

	config, err = listenerConfig(t, "--tls-cert", cert, "--tls-key", key, "--proxy-protocol", "required")
	require.NoError(t, err)
	assert.Equal(t, pair, config.Certificate)
	assert.Equal(t, server.ProxyProtocolRequired, config.ProxyProtocol)

	config, err = listenerConfig(t, "--tls-self-signed", "--proxy-protocol", "optional")
	require.NoError(t, err)
	own, err := config.Certificate.TLS()
	require.NoError(t, err)
	assert.NoError(t, own.Leaf.VerifyHostname("localhost"))
	assert.NoError(t, own.Leaf.VerifyHostname("192.0.2.9"))
	assert.Equal(t, server.ProxyProtocolOptional, config.ProxyProtocol)

	for want, args := range map[string][]string{
		"--proxy-protocol: must be off, optional or required": {"--proxy-protocol", "yes"},
		"--tls-cert and --tls-key need each other":            {"--tls-cert", cert},
		"give --tls-cert or --tls-self-signed, not both":      {"--tls-cert", cert, "--tls-key", key, "--tls-self-signed"},
		"certificate: open":                                   {"--tls-cert", filepath.Join(dir, "none"), "--tls-key", key},
	} {
		_, err := listenerConfig(t, args...)
		assert.ErrorContains(t, err, want)
	}
}
