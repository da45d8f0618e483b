package oci

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func build(t *testing.T, f Format) v1.Image {
	t.Helper()
	img, err := Build(contents(), f)
	require.NoError(t, err)
	return img
}

func TestPushAndPull(t *testing.T) {
	for _, f := range Formats() {
		t.Run(string(f), func(t *testing.T) {
			r, c := newRegistry(t, false), anonymous()
			digest := digestString(t, contents(), f)
			first := r.host + "/plugins/p:1.0.0"
			var done, total int64
			pushed, err := c.Push(t.Context(), build(t, f), []string{first, r.host + "/plugins/p:latest"}, func(d, of int64) { done, total = d, of })
			require.NoError(t, err)
			assert.Equal(t, []Pushed{{Reference: first, Digest: digest}, {Reference: r.host + "/plugins/p:latest", Digest: digest}}, pushed)
			assert.Equal(t, r.host+"/plugins/p@"+digest, pushed[0].Pinned())
			assert.Positive(t, done)
			assert.Equal(t, total, done, "progress ends with everything")
			for _, ref := range []string{first, "oci://" + first, r.host + "/plugins/p", pushed[0].Pinned()} {
				image, module, err := c.Pull(t.Context(), ref, nil, nil)
				require.NoError(t, err, ref)
				assert.Equal(t, digest, image.Digest)
				assert.Equal(t, contents().Module, module)
				assert.True(t, image.Matches(digest) && image.Matches(strings.TrimPrefix(strings.ToUpper(digest), "SHA256:")))
				assert.False(t, image.Matches("sha256:"+strings.Repeat("0", 64)))
			}
			image, err := c.Inspect(t.Context(), first)
			require.NoError(t, err)
			assert.Equal(t, digest, image.Digest)
			assert.Equal(t, "p", image.Labels[AnnotationTitle])
		})
	}
}

func TestPushingAgainTransfersNothing(t *testing.T) {
	r, c := newRegistry(t, false), anonymous()
	ref := r.host + "/p:1"
	first, err := c.Push(t.Context(), build(t, FormatImage), []string{ref}, nil)
	require.NoError(t, err)
	assert.Empty(t, first[0].Former)
	r.forget()
	again, err := c.Push(t.Context(), build(t, FormatImage), []string{ref}, nil)
	require.NoError(t, err)
	assert.Equal(t, first[0].Digest, again[0].Digest)
	assert.Equal(t, first[0].Digest, again[0].Former)
	assert.Zero(t, r.seen("PUT", "")+r.seen("POST", "")+r.seen("PATCH", ""))

	_, err = c.Push(t.Context(), build(t, FormatImage), []string{r.host + "/p:2"}, nil)
	require.NoError(t, err)
	assert.Zero(t, r.seen("POST", "/uploads"), "a further tag sends the manifest only")
	assert.Equal(t, 1, r.seen("PUT", "/manifests/"))

	other := contents()
	other.Module = testModule("other")
	img, err := Build(other, FormatImage)
	require.NoError(t, err)
	moved, err := c.Push(t.Context(), img, []string{ref}, nil)
	require.NoError(t, err)
	assert.Equal(t, first[0].Digest, moved[0].Former, "a tag that moves says from where")
}

func TestWhereALoginGoes(t *testing.T) {
	private := newRegistry(t, true)
	private.misbehave(requireBasic("u", "secret"))
	ref := private.host + "/p:1"
	trusting := private.Client().Transport
	keys := login(private.host, "u", "secret")

	_, err := (&Client{Keychain: keys, Transport: trusting}).Push(t.Context(), build(t, FormatImage), []string{ref}, nil)
	require.NoError(t, err, "TLS with the login")
	_, module, err := (&Client{Keychain: keys, Transport: trusting}).Pull(t.Context(), ref, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, contents().Module, module)

	for _, c := range []struct {
		name    string
		keys    Logins
		problem string
	}{
		{"no login", Logins{}, "the registry asks for a login: docker login " + private.host},
		{"a wrong login", login(private.host, "u", "wrong"), "does not accept the one it was given"},
		{"a login for another registry", login("other.example", "u", "secret"), "docker login " + private.host},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := &Client{Keychain: c.keys, Transport: trusting}
			_, _, err := client.Pull(t.Context(), ref, nil, nil)
			require.ErrorIs(t, err, ErrUnauthorized)
			assert.ErrorContains(t, err, c.problem)
			assert.ErrorContains(t, err, ref)
			assert.NotContains(t, err.Error(), "secret")
			_, err = client.Push(t.Context(), build(t, FormatImage), []string{private.host + "/p:2"}, nil)
			assert.ErrorIs(t, err, ErrUnauthorized)
		})
	}

	t.Run("a login is not sent over plain HTTP", func(t *testing.T) {
		open := newRegistry(t, false)
		client := &Client{Keychain: login(open.host, "u", "secret")}
		_, err := client.Push(t.Context(), build(t, FormatImage), []string{open.host + "/p:1"}, nil)
		require.NoError(t, err, "a registry that needs none gets none")
		assert.Empty(t, open.logins())
		open.misbehave(requireBasic("u", "secret"))
		_, _, err = client.Pull(t.Context(), open.host+"/p:1", nil, nil)
		require.ErrorIs(t, err, ErrUnauthorized)
		assert.ErrorContains(t, err, "logins are not sent over plain HTTP to "+open.host)
		assert.Empty(t, open.logins())
	})

	t.Run("nor to a token service over plain HTTP", func(t *testing.T) {
		tokens := newRegistry(t, false)
		bearer := newRegistry(t, true)
		bearer.misbehave(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+tokens.URL+`/token",service="s"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		})
		for _, keys := range []Logins{login(bearer.host, "u", "secret"), {bearer.host: authn.AuthConfig{IdentityToken: "secret"}}} {
			client := &Client{Keychain: keys, Transport: bearer.Client().Transport}
			_, _, err := client.Pull(t.Context(), bearer.host+"/p:1", nil, nil)
			require.Error(t, err)
			assert.Empty(t, tokens.logins())
			assert.Zero(t, tokens.seen("POST", "/token"))
		}
	})
}

func TestPlainHTTPIsForLoopbackAndNamedRegistries(t *testing.T) {
	r := newRegistry(t, false)
	_, port, err := net.SplitHostPort(r.host)
	require.NoError(t, err)
	// A name that go-containerregistry itself would speak plain HTTP to, led to the registry.
	dial := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, r.host)
	}}
	t.Cleanup(dial.CloseIdleConnections)
	for _, host := range []string{"10.1.2.3:" + port, "registry.local:" + port, "registry.example.com:" + port} {
		r.forget()
		_, err := (&Client{Keychain: Logins{}, Transport: dial}).Push(t.Context(), build(t, FormatImage), []string{host + "/p:1"}, nil)
		require.ErrorIs(t, err, ErrPlainHTTP, host)
		assert.ErrorContains(t, err, "--insecure-registry "+host)
		assert.Zero(t, r.seen("GET", "")+r.seen("HEAD", "")+r.seen("PUT", ""), "nothing was sent")
		_, err = (&Client{Keychain: Logins{}, Transport: dial, Insecure: []string{host}}).Push(t.Context(), build(t, FormatImage), []string{host + "/p:1"}, nil)
		assert.NoError(t, err, "%s: allowed by name", host)
	}
	_, err = anonymous().Push(t.Context(), build(t, FormatImage), []string{"localhost:" + port + "/q:1"}, nil)
	assert.NoError(t, err)
}

func TestReferences(t *testing.T) {
	for _, c := range []struct{ reference, problem string }{
		{"docker://r.example/p:1", "write oci://r.example/p:1"},
		{"r.example/P:1", "not an image reference"},
		{"", "not an image reference"},
		{"r.example/p@sha256:12", "not an image reference"},
	} {
		_, _, err := anonymous().Pull(t.Context(), c.reference, nil, nil)
		require.ErrorIs(t, err, ErrReference)
		assert.ErrorContains(t, err, c.problem)
	}
	_, err := anonymous().Push(t.Context(), build(t, FormatImage), []string{"localhost/p@sha256:" + strings.Repeat("a", 64)}, nil)
	assert.ErrorContains(t, err, "is pushed to a tag, not to a digest")
	for ref, floating := range map[string]bool{"r.example/p": true, "oci://r.example/p:latest": true, "r.example/p:1": false, "r.example/p@sha256:" + strings.Repeat("a", 64): false} {
		assert.Equal(t, floating, Floating(ref), ref)
	}
	digest, ok := Pinned("oci://r.example/p:1@sha256:" + strings.Repeat("a", 64))
	assert.True(t, ok)
	assert.Equal(t, "sha256:"+strings.Repeat("a", 64), digest)
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	img := build(t, FormatImage)
	want, err := img.Digest()
	require.NoError(t, err)
	folder := filepath.Join(dir, "p.oci")
	for range 2 { // a former layout is replaced
		require.NoError(t, Save(img, folder, "r.example/p:1"))
		index, err := layout.ImageIndexFromPath(folder)
		require.NoError(t, err)
		list, err := index.IndexManifest()
		require.NoError(t, err)
		require.Len(t, list.Manifests, 1)
		assert.Equal(t, want, list.Manifests[0].Digest)
		assert.Equal(t, "1", list.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	}
	for _, wrong := range [][]string{{"r.example/p@" + want.String()}, {"r.example/p:2", "r.example/P:3"}, {}} {
		require.ErrorIs(t, Save(img, folder, wrong...), ErrReference)
		index, err := layout.ImageIndexFromPath(folder)
		require.NoError(t, err, "what was there is there still")
		list, err := index.IndexManifest()
		require.NoError(t, err)
		require.Len(t, list.Manifests, 1)
		assert.Equal(t, "1", list.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	}
	require.NoError(t, Save(img, folder, "r.example/p:1", "r.example/p:latest", "r.example/p:1"))
	index, err := layout.ImageIndexFromPath(folder)
	require.NoError(t, err)
	list, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, list.Manifests, 2, "an entry for each tag")
	for i, tag := range []string{"1", "latest"} {
		assert.Equal(t, want, list.Manifests[i].Digest)
		assert.Equal(t, tag, list.Manifests[i].Annotations["org.opencontainers.image.ref.name"])
	}
	file := filepath.Join(dir, "p.tar")
	require.NoError(t, Save(build(t, FormatDocker), file, "r.example/p:latest", "r.example/p:1"))
	tag, err := name.NewTag("r.example/p:1")
	require.NoError(t, err)
	loaded, err := tarball.ImageFromPath(file, &tag)
	require.NoError(t, err)
	module, err := moduleOf(loaded, nil)
	require.NoError(t, err)
	assert.Equal(t, contents().Module, module)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "precious"), nil, 0o600))
	assert.ErrorContains(t, Save(img, dir, "r.example/p:1"), "something else in it")
	assert.FileExists(t, filepath.Join(dir, "precious"))
}

func TestAnImageIsChosenFromAnIndex(t *testing.T) {
	r := newRegistry(t, false)
	entry := func(ballast, os, arch string) mutate.IndexAddendum {
		c := contents()
		c.Module = testModule(ballast)
		img, err := Build(c, FormatImage)
		require.NoError(t, err)
		return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}}}
	}
	for _, c := range []struct {
		name    string
		entries []mutate.IndexAddendum
		want    string
	}{
		{"that of Linux on amd64", []mutate.IndexAddendum{entry("arm", "linux", "arm64"), entry("amd", "linux", "amd64")}, "amd"},
		{"WebAssembly before a machine", []mutate.IndexAddendum{entry("amd", "linux", "amd64"), entry("wasm", "wasi", "wasm")}, "wasm"},
		{"the only one beside an attestation", []mutate.IndexAddendum{entry("att", "unknown", "unknown"), entry("arm", "linux", "arm64")}, "arm"},
		{"none", []mutate.IndexAddendum{entry("att", "unknown", "unknown")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), c.entries...)
			ref, err := name.ParseReference(r.host + "/index:1")
			require.NoError(t, err)
			require.NoError(t, remote.WriteIndex(ref, index))
			image, module, err := anonymous().Pull(t.Context(), ref.String(), nil, nil)
			if c.want == "" {
				require.ErrorIs(t, err, ErrMediaType)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, testModule(c.want), module)
			digest, err := index.Digest()
			require.NoError(t, err)
			assert.Equal(t, digest.String(), image.IndexDigest)
			assert.True(t, image.Matches(digest.String()) && image.Matches(image.Digest))
		})
	}
}

// layered makes an image of layers with given bytes and media types.
func layered(t *testing.T, manifest types.MediaType, layers ...v1.Layer) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, manifest)
	for _, l := range layers {
		mt, err := l.MediaType()
		require.NoError(t, err)
		img, err = mutate.Append(img, mutate.Addendum{Layer: l, MediaType: mt})
		require.NoError(t, err)
	}
	return img
}

func archiveLayer(t *testing.T, name string, data []byte, mt types.MediaType) v1.Layer {
	t.Helper()
	layer, err := addendum{name, mt, data}.layer()
	require.NoError(t, err)
	return layer
}

func TestRulesForPluginImages(t *testing.T) {
	good := func(mt types.MediaType) v1.Layer { return archiveLayer(t, "plugin.wasm", testModule("good"), mt) }
	bad := func(mt types.MediaType) v1.Layer { return archiveLayer(t, "plugin.wasm", testModule("bad"), mt) }
	other := archiveLayer(t, "etc/passwd", []byte("x"), types.OCILayer)
	raw := static.NewLayer(testModule("good"), MediaTypeModule)
	config := static.NewLayer([]byte("{}"), MediaTypeRuntimeConfig)
	r := newRegistry(t, false)
	for _, c := range []struct {
		name    string
		image   v1.Image
		problem error // nil: testModule("good")
		text    string
	}{
		{"the last layer counts", layered(t, types.OCIManifestSchema1, bad(types.OCILayer), good(types.OCILayer)), nil, ""},
		{"also in Docker images", layered(t, types.DockerManifestSchema2, bad(types.DockerLayer), good(types.DockerLayer)), nil, ""},
		{"the file may be in a folder", layered(t, types.OCIManifestSchema1, archiveLayer(t, "opt/plugin.wasm", testModule("good"), types.OCILayer)), nil, ""},
		{"files of other layers do not help", layered(t, types.OCIManifestSchema1, good(types.OCILayer), other), ErrMediaType, "it holds no file plugin.wasm"},
		{"an artifact's order does not matter", layered(t, types.OCIManifestSchema1, raw, config), nil, ""},
		{"an artifact has no third layer", layered(t, types.OCIManifestSchema1, config, static.NewLayer([]byte("x"), "a/b"), raw), ErrMediaType, "its last layer is " + string(MediaTypeModule)},
		{"an artifact alone", layered(t, types.OCIManifestSchema1, raw), ErrMediaType, "one of exactly two layers"},
		{"Docker's layer in an OCI image", layered(t, types.OCIManifestSchema1, good(types.DockerLayer)), ErrMediaType, "its last layer is " + string(types.DockerLayer)},
		{"OCI's layer in a Docker image", layered(t, types.DockerManifestSchema2, good(types.OCILayer)), ErrMediaType, "it must be " + string(types.DockerLayer)},
		{"zstd", layered(t, types.OCIManifestSchema1, static.NewLayer([]byte("x"), types.OCILayerZStd)), ErrMediaType, "tar+zstd"},
		{"no layers", layered(t, types.OCIManifestSchema1), ErrMediaType, "no layers"},
		{"plugin.wasm is something else", layered(t, types.OCIManifestSchema1, archiveLayer(t, "plugin.wasm", []byte("\x7fELF"), types.OCILayer)), ErrMediaType, "does not begin like WebAssembly"},
		{"a raw layer that is something else", layered(t, types.OCIManifestSchema1, config, static.NewLayer([]byte("\x7fELF"), MediaTypeModule)), ErrMediaType, "does not begin like WebAssembly"},
		{"a layer that is not gzip", layered(t, types.OCIManifestSchema1, static.NewLayer(testModule("good"), types.OCILayer)), ErrCorruptLayer, "is not gzip"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ref, err := name.ParseReference(r.host + "/p:1")
			require.NoError(t, err)
			require.NoError(t, remote.Write(ref, c.image))
			_, module, err := anonymous().Pull(t.Context(), ref.String(), nil, nil)
			if c.problem != nil {
				require.ErrorIs(t, err, c.problem)
				assert.ErrorContains(t, err, c.text)
				assert.ErrorContains(t, err, ref.String())
				return
			}
			require.NoError(t, err)
			assert.Equal(t, testModule("good"), module)
		})
	}
}
