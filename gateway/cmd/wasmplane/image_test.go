package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/oci"
)

func TestHigressSpec(t *testing.T) {
	priority := int64(310)
	p := &catalog.Plugin{
		Name: "p", Title: "A plugin", Category: "traffic", Version: "1.0.0", Description: "Does things.", Phase: "AUTHN", Priority: &priority,
		Config: map[string]any{
			"type":       "object",
			"properties": map[string]any{"a": map[string]any{"$ref": "#/$defs/name", "description": "own"}, "tree": map[string]any{"$ref": "#/$defs/tree"}},
			"$defs": map[string]any{
				"name": map[string]any{"type": "string", "description": "general"},
				"tree": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/$defs/tree"}},
			},
		},
		Examples: []catalog.Example{{Config: map[string]any{"a": "x", "_rules_": []any{}}}},
	}
	text, err := higressSpec(p, "2.0.0")
	require.NoError(t, err)
	assert.YAMLEq(t, `
apiVersion: 1.0.0
info:
  category: flow-control
  contact: {name: wasmplane, url: "https://github.com/wasmplane/wasmplane"}
  description: Does things.
  name: p
  title: A plugin
  version: 2.0.0
spec:
  phase: AUTHN
  priority: 310
  configSchema:
    openAPIV3Schema:
      type: object
      example: {a: x}
      properties:
        a: {type: string, description: own}
        tree: {type: array, items: {}}
`, string(text), "references are put in place, a circle ends, rules are no part of the example")

	text, err = higressSpec(&catalog.Plugin{Name: "p", Category: "sample"}, "1")
	require.NoError(t, err)
	assert.Contains(t, string(text), "category: custom")
	assert.Contains(t, string(text), "phase: UNSPECIFIED_PHASE")
	assert.NotContains(t, string(text), "priority")
}

func TestReferencesOfAnImage(t *testing.T) {
	p := &catalog.Plugin{Name: "p", Version: "1.0.0"}
	for _, c := range []struct {
		name  string
		flags imageFlags
		want  []string
	}{
		{"registry and the plugin's version", imageFlags{registry: "r.example/plugins/"}, []string{"r.example/plugins/p:1.0.0"}},
		{"a version of one's own, and a further tag", imageFlags{registry: "r.example:5000/", version: "2", tags: []string{"latest"}}, []string{"r.example:5000/p:2", "r.example:5000/p:latest"}},
		{"for Envoy", imageFlags{registry: "r.example/", envoy: true}, []string{"r.example/p:1.0.0-envoy"}},
		{"complete", imageFlags{image: "r.example/x:3", tags: []string{"4"}}, []string{"r.example/x:3", "r.example/x:4"}},
		{"complete without a tag, with a port", imageFlags{image: "r.example:5000/x", tags: []string{"4"}}, []string{"r.example:5000/x", "r.example:5000/x:4"}},
	} {
		assert.Equal(t, c.want, c.flags.references(p), c.name)
	}
}

func TestTheDigestOfAPulledImageIsShownOnce(t *testing.T) {
	const image, index = "sha256:aa", "sha256:bb"
	for reference, want := range map[string]string{
		"r/p:1":        "r/p:1@sha256:aa",
		"r/p@" + image: "r/p@sha256:aa",
		"r/p@" + index: "r/p@sha256:bb (sha256:aa)",
	} {
		assert.Equal(t, want, pulledFrom(&oci.Image{Reference: reference, Digest: image, IndexDigest: index}))
	}
}

// Nothing is compiled: the module is there, and what it is does not matter to an image.
func TestImageBuildSavesUnderEveryTag(t *testing.T) {
	plugin := filepath.Join(pluginFolder(t), "guard")
	write(t, filepath.Join(plugin, "plugin.wasm"), "\x00asm\x01\x00\x00\x00")
	layout := filepath.Join(t.TempDir(), "x.oci")
	build := func(args ...string) (string, error) {
		out, _, err := wasmplane(t, "", append([]string{"image", "build", plugin, "--no-build", "-o", layout}, args...)...)
		return out, err
	}
	out, err := build("--registry", "r.example.com/", "--tag", "latest", "--tag", "1")
	require.NoError(t, err)
	for _, tag := range []string{"1.2.0", "latest", "1"} {
		assert.Contains(t, out, "  r.example.com/guard:"+tag+"@sha256:")
		assert.Contains(t, read(t, filepath.Join(layout, "index.json")), `"org.opencontainers.image.ref.name": "`+tag+`"`)
	}
	before := read(t, filepath.Join(layout, "index.json"))
	_, err = build("--image", "r.example.com/guard@sha256:"+strings.Repeat("ab", 32))
	assert.ErrorContains(t, err, "an image is saved under a tag, not under a digest")
	assert.Equal(t, before, read(t, filepath.Join(layout, "index.json")), "what was there is there still")
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(data)
}

func TestBuildTags(t *testing.T) {
	own := []string{"a"}
	assert.Equal(t, []string{"a", "b", "c"}, withTags(own, []string{"b a", "c", ""}))
	assert.Equal(t, []string{"a"}, own)
}

func TestProgressOfATransfer(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	var out bytes.Buffer
	bar := startTransferBar(&out, "pushing", true, clock)
	bar.update(1e6, 4e6)
	bar.end()
	assert.Empty(t, out.String(), "what is over soon shows nothing")
	now = now.Add(time.Second)
	bar.update(2e6, 4e6)
	assert.Equal(t, "\rpushing [===============               ] 2.00 MB of 4.00 MB", out.String())
	bar.update(3e6, 4e6)
	assert.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\r")), "it is not redrawn at once")
	now = now.Add(100 * time.Millisecond)
	bar.update(4e6, 4e6)
	assert.Contains(t, out.String(), "[==============================] 4.00 MB of 4.00 MB")
	bar.end()
	assert.True(t, bytes.HasSuffix(out.Bytes(), []byte("\r\033[K")), "it leaves nothing behind")

	out.Reset()
	lines := startTransferBar(&out, "pushing", false, clock)
	for range 120 { // twelve seconds
		now = now.Add(100 * time.Millisecond)
		lines.update(1e6, 4e6)
	}
	lines.end()
	assert.Equal(t, "pushing: 1.00 MB of 4.00 MB (25 %)\npushing: 1.00 MB of 4.00 MB (25 %)\n", out.String(), "without a terminal, a line now and then")
}

func TestWhatNamesAnImage(t *testing.T) {
	for argument, image := range map[string]bool{
		"oci://r.example/p:1": true, "r.example/p:1": true, "localhost/p": true, "127.0.0.1:5000/p@sha256:" + string(bytes.Repeat([]byte("a"), 64)): true,
		"plugin.wasm": false, "build/plugin.wasm": false, "./plugin.wasm": false, "../x/plugin.wasm": false, "image.go": false, "/tmp/p.wasm": false,
	} {
		assert.Equal(t, image, namesImage(argument), argument)
	}
}

func TestPhasesOfAModuleThatDoesNotTell(t *testing.T) {
	exports := func(names ...string) *module.Module {
		m := &module.Module{}
		for _, name := range names {
			m.Exports = append(m.Exports, module.Export{Name: name})
		}
		return m
	}
	all := exports("proxy_on_vm_start", "proxy_on_request_headers", "proxy_on_response_body")
	assert.Equal(t, "unknown: it exports callbacks for streams, and does not tell which of them do anything", phasesOf(all, nil))
	assert.Equal(t, "request-headers", phasesOf(all, []string{"request-headers"}))
	assert.Equal(t, "none", phasesOf(exports("proxy_on_vm_start", "proxy_on_tick"), nil))
}
