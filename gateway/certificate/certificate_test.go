package certificate

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSelfSignedHoldsForItsNames(t *testing.T) {
	p, err := SelfSigned("localhost", "*.example.test", "127.0.0.1", "::1")
	require.NoError(t, err)
	pair, err := p.TLS()
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	for name, holds := range map[string]bool{"localhost": true, "a.example.test": true, "127.0.0.1": true, "::1": true, "other.test": false} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots})
		assert.Equal(t, holds, err == nil, name)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	made, err := SelfSigned("localhost")
	require.NoError(t, err)
	other, err := SelfSigned("localhost")
	require.NoError(t, err)
	certificate, key := write("cert.pem", made.Certificate), write("key.pem", made.Key)

	loaded, err := Load(certificate, key)
	require.NoError(t, err)
	assert.Equal(t, made, loaded)
	_, err = Load(certificate, write("other.pem", other.Key))
	assert.ErrorContains(t, err, "cert.pem")
	_, err = Load(filepath.Join(dir, "none"), key)
	assert.ErrorContains(t, err, "certificate: open")
	_, err = Load(certificate, filepath.Join(dir, "none"))
	assert.ErrorContains(t, err, "certificate's key: open")
}
