package oci

import (
	"maps"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFormats(t *testing.T) {
	type layer struct {
		mediaType types.MediaType
		title     string
	}
	for _, c := range []struct {
		format           Format
		manifest, config types.MediaType
		layers           []layer
		annotated        bool
	}{
		{FormatImage, types.OCIManifestSchema1, types.OCIConfigJSON, []layer{{types.OCILayer, "plugin.wasm"}}, true},
		{FormatDocker, types.DockerManifestSchema2, types.DockerConfigJSON, []layer{{types.DockerLayer, ""}}, false},
		{FormatArtifact, types.OCIManifestSchema1, types.OCIConfigJSON, []layer{
			{"application/vnd.module.wasm.config.v1+json", "runtime-config.json"}, {"application/vnd.module.wasm.content.layer.v1+wasm", "plugin.wasm"}}, true},
		{FormatHigress, types.OCIManifestSchema1, types.OCIConfigJSON, []layer{
			{"application/vnd.module.wasm.spec.v1+yaml", "spec.yaml"}, {"application/vnd.module.wasm.doc.v1+markdown", "README.md"},
			{"application/vnd.module.wasm.doc.v1.EN+markdown", "README_EN.md"}, {"application/vnd.module.wasm.doc.v1.ZH+markdown", "README_ZH.md"},
			{"application/vnd.module.wasm.icon.v1+png", "icon.png"}, {types.OCILayer, "plugin.wasm"}}, true},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			img, err := Build(contents(), c.format)
			require.NoError(t, err)
			m, err := img.Manifest()
			require.NoError(t, err)
			assert.Equal(t, c.manifest, m.MediaType)
			assert.Equal(t, c.config, m.Config.MediaType)
			var layers []layer
			for _, l := range m.Layers {
				layers = append(layers, layer{l.MediaType, l.Annotations[AnnotationTitle]})
			}
			assert.Equal(t, c.layers, layers)
			if c.annotated {
				assert.Equal(t, contents().Annotations, m.Annotations)
			} else {
				assert.Empty(t, m.Annotations, "Docker's manifest has none")
			}
			config, err := img.ConfigFile()
			require.NoError(t, err)
			assert.Equal(t, contents().Annotations, config.Config.Labels)
			assert.Equal(t, "linux/amd64", config.OS+"/"+config.Architecture)
			assert.Len(t, config.RootFS.DiffIDs, len(c.layers))
			module, err := moduleOf(img, nil)
			require.NoError(t, err)
			assert.Equal(t, contents().Module, module, "it is read back")
			if c.format == FormatImage {
				assert.NoError(t, validate.Image(img), "digests and sizes of everything, also of what is unpacked")
			}
		})
	}
}

func TestTheSameContentsHaveTheSameDigest(t *testing.T) {
	for _, f := range Formats() {
		first := digestString(t, contents(), f)
		assert.Equal(t, first, digestString(t, contents(), f), f)
		for name, change := range map[string]func(*Contents){
			"the module":      func(c *Contents) { c.Module = testModule("other") },
			"an annotation":   func(c *Contents) { c.Annotations[AnnotationVersion] = "2" },
			"the source date": func(c *Contents) { c.Created = time.Unix(1, 0) },
		} {
			c := contents()
			c.Annotations = maps.Clone(c.Annotations)
			change(&c)
			assert.NotEqual(t, first, digestString(t, c, f), "%s: %s counts", f, name)
		}
	}
	img, err := Build(Contents{Module: testModule("")}, FormatImage)
	require.NoError(t, err)
	config, err := img.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, v1.Time{Time: time.Unix(0, 0).UTC()}, config.Created, "no clock is read")
}

func TestWhatCannotBePacked(t *testing.T) {
	without := func(change func(*Contents)) Contents {
		c := contents()
		change(&c)
		return c
	}
	for _, c := range []struct {
		name     string
		contents Contents
		format   Format
		problem  string
	}{
		{"no module", Contents{}, FormatImage, "the module is not WebAssembly"},
		{"another file", Contents{Module: []byte("#!/bin/sh")}, FormatArtifact, "the module is not WebAssembly"},
		{"no spec.yaml", without(func(c *Contents) { c.Spec = nil }), FormatHigress, "spec.yaml must not be empty"},
		{"no README.md", without(func(c *Contents) { delete(c.Readmes, "README.md") }), FormatHigress, "README.md must not be empty"},
		{"a README of no language", without(func(c *Contents) { c.Readmes["README_.md"] = nil }), FormatHigress, `"README_.md" must be README_{lang}.md`},
		{"a format that there is not", contents(), "zip", `unknown image format "zip"`},
	} {
		_, err := Build(c.contents, c.format)
		assert.ErrorContains(t, err, c.problem, c.name)
	}
	_, err := ParseFormat("zip")
	assert.EqualError(t, err, `image format must be one of image, docker, artifact, higress, not "zip"`)
	f, err := ParseFormat("")
	require.NoError(t, err)
	assert.Equal(t, FormatImage, f)
}
