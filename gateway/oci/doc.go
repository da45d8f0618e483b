// Package oci packs plugins into container images, pushes them to registries and takes the module out of images again.
// It needs no Docker, follows what Envoy-based gateways (Istio, Higress) accept as a plugin image, and knows nothing of
// gateways or of plugin.yaml.
package oci

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Format is a layout of a plugin image.
type Format string

// Formats. Every one is accepted by Istio and Higress, and by this project's gateway.
const (
	// FormatImage is an OCI image with one tar+gzip layer that holds plugin.wasm.
	FormatImage Format = "image"
	// FormatDocker is FormatImage with the media types of Docker's image manifest, version 2, schema 2.
	FormatDocker Format = "docker"
	// FormatArtifact is the OCI variant of the Wasm artifact image specification (github.com/solo-io/wasm, spec): two
	// layers, the runtime configuration and the raw module.
	FormatArtifact Format = "artifact"
	// FormatHigress is the Wasm image specification of Higress (higress.cn/docs/latest/user/wasm-image-spec): one file a
	// layer, the module's last.
	FormatHigress Format = "higress"
)

// Formats lists all formats, the default one first.
func Formats() []Format {
	return []Format{FormatImage, FormatDocker, FormatArtifact, FormatHigress}
}

// ParseFormat reads the name of a format; "" is FormatImage.
func ParseFormat(name string) (Format, error) {
	if name == "" {
		return FormatImage, nil
	}
	if f := Format(name); slices.Contains(Formats(), f) {
		return f, nil
	}
	var names []string
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("image format must be one of %s, not %q", strings.Join(names, ", "), name)
}

// Media types beyond those of OCI and Docker.
const (
	MediaTypeModule        types.MediaType = "application/vnd.module.wasm.content.layer.v1+wasm"
	MediaTypeRuntimeConfig types.MediaType = "application/vnd.module.wasm.config.v1+json"
	MediaTypeSpec          types.MediaType = "application/vnd.module.wasm.spec.v1+yaml"
	MediaTypeReadme        types.MediaType = "application/vnd.module.wasm.doc.v1+markdown"
	MediaTypeIcon          types.MediaType = "application/vnd.module.wasm.icon.v1+png"
)

// MediaTypeReadmeIn is the media type of README_{lang}.md.
func MediaTypeReadmeIn(lang string) types.MediaType {
	return types.MediaType("application/vnd.module.wasm.doc.v1." + lang + "+markdown")
}

// Annotation keys (OCI image specification, annotations.md).
const (
	AnnotationTitle    = "org.opencontainers.image.title"
	AnnotationVersion  = "org.opencontainers.image.version"
	AnnotationRevision = "org.opencontainers.image.revision"
	AnnotationSource   = "org.opencontainers.image.source"
	AnnotationLicenses = "org.opencontainers.image.licenses"
	AnnotationSummary  = "org.opencontainers.image.description"
)

// moduleFile is the name of the module inside an image.
const moduleFile = "plugin.wasm"

// MaxModuleSize is the largest module, and the largest layer, that is taken from an image or a web server, in bytes: the
// limit of Istio's agent.
const MaxModuleSize = 256 << 20
