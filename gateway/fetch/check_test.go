package fetch

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHost(t *testing.T) {
	for address, want := range map[string]string{
		"oci://r.example:5000/p:1": "r.example:5000", "r.example/a/p": "r.example", "p:1": "index.docker.io", "https://u:p@x.example:8443/p.wasm": "x.example:8443",
		"http://x.example": "x.example", "file:///p.wasm": "", "oci://R": "", "ftp://x/p": "",
	} {
		assert.Equal(t, want, Host(address), address)
	}
}

func TestWrongURLs(t *testing.T) {
	for url, problem := range map[string]string{
		"docker://r.example/p:1":              "write oci://r.example/p:1",
		"ftp://r.example/p.wasm":              "must be a file, http, https or oci URL",
		"oci://R.example/P:1":                 "not an image reference",
		"":                                    "not an image reference",
		"http://":                             "is not a URL",
		"http://u:secret@r.example/p.wasm":    "a password is not sent over plain HTTP",
		"file://p.wasm":                       "three slashes",
		"file:p.wasm":                         "three slashes",
		"file:/opt/p.wasm":                    "three slashes",
		"oci://":                              "not an image reference",
		"r.example/p:1:2":                     "not an image reference",
		"oci://r.example/p@sha256:12":         "not an image reference",
		"oci://r.example/ p:1":                "not an image reference",
		"http://u:secret@r.example/\x7f/bad ": "is not a URL",
	} {
		_, err := newFetcher(t, Options{}).Fetch(t.Context(), Source{URL: url})
		require.ErrorContains(t, err, problem, url)
		assert.True(t, Definite(err), url)
		assert.NotContains(t, err.Error(), "secret")
		assert.EqualError(t, Check(Source{URL: url}), err.Error(), "nothing was tried")
	}
	pinned := "oci://r.example/p@sha256:" + strings.Repeat("ab", 32)
	assert.NoError(t, Check(Source{URL: pinned, SHA256: strings.Repeat("ab", 32)}))
	assert.ErrorContains(t, Check(Source{URL: pinned, SHA256: strings.Repeat("cd", 32)}), "names another digest")
	assert.NoError(t, Check(Source{URL: "file:///not/there.wasm"}), "whether it is there is another question")
	_, err := newFetcher(t, Options{}).Fetch(t.Context(), Source{URL: "r.example/p:1", Policy: "Never"})
	assert.ErrorContains(t, err, "IfNotPresent or Always")
	_, err = newFetcher(t, Options{}).Fetch(t.Context(), Source{URL: "file:///not/there.wasm"})
	assert.ErrorIs(t, err, os.ErrNotExist)
}
