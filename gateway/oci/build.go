package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Contents is what goes into an image.
type Contents struct {
	Module []byte // required
	// RuntimeConfig is JSON that goes beside the module in FormatArtifact; nil means {}.
	RuntimeConfig []byte
	Spec          []byte            // spec.yaml, required by FormatHigress and used there only, as the next two
	Readmes       map[string][]byte // by file name; README.md is required, README_{lang}.md are not
	Icon          []byte            // icon.png, if there is one
	// Annotations of the manifest. They are repeated as labels of the configuration, which is all that a Docker manifest
	// has.
	Annotations map[string]string
	// Created is the image's date; the zero value is 1970-01-01. The wall clock has no place here: the same contents
	// make the same digest.
	Created time.Time
}

// IsModule reports whether data begins like a WebAssembly module.
func IsModule(data []byte) bool { return bytes.HasPrefix(data, []byte("\x00asm")) }

// Build makes an image. The same contents give the same bytes, and so the same digest, whenever and wherever they are
// packed with the same Go release.
func Build(c Contents, format Format) (v1.Image, error) {
	if !IsModule(c.Module) {
		return nil, errors.New("the module is not WebAssembly")
	}
	switch format {
	case FormatImage:
		return buildLayered(c, types.OCIManifestSchema1, types.OCIConfigJSON, addendum{moduleFile, types.OCILayer, c.Module})
	case FormatDocker:
		return buildLayered(c, types.DockerManifestSchema2, types.DockerConfigJSON, addendum{moduleFile, types.DockerLayer, c.Module})
	case FormatArtifact:
		config := c.RuntimeConfig
		if config == nil {
			config = []byte("{}")
		}
		// The configuration is an image's, with labels, as tools expect that know images but not this variant.
		return buildLayered(c, types.OCIManifestSchema1, types.OCIConfigJSON,
			addendum{"runtime-config.json", MediaTypeRuntimeConfig, config}, addendum{moduleFile, MediaTypeModule, c.Module})
	case FormatHigress:
		files, err := higressFiles(c)
		if err != nil {
			return nil, err
		}
		return buildLayered(c, types.OCIManifestSchema1, types.OCIConfigJSON, files...)
	default:
		return nil, fmt.Errorf("unknown image format %q", format)
	}
}

// addendum is a file that makes a layer.
type addendum struct {
	name      string
	mediaType types.MediaType
	data      []byte
}

func higressFiles(c Contents) ([]addendum, error) {
	if len(c.Spec) == 0 {
		return nil, errors.New("format higress: spec.yaml must not be empty")
	}
	if len(c.Readmes["README.md"]) == 0 {
		return nil, errors.New("format higress: README.md must not be empty")
	}
	files := []addendum{{"spec.yaml", MediaTypeSpec, c.Spec}, {"README.md", MediaTypeReadme, c.Readmes["README.md"]}}
	var translated []addendum
	for name, text := range c.Readmes {
		if name == "README.md" {
			continue
		}
		lang, ok := strings.CutPrefix(strings.TrimSuffix(name, ".md"), "README_")
		if !ok || lang == "" || !strings.HasSuffix(name, ".md") {
			return nil, fmt.Errorf("format higress: %q must be README_{lang}.md", name)
		}
		translated = append(translated, addendum{name, MediaTypeReadmeIn(lang), text})
	}
	slices.SortFunc(translated, func(a, b addendum) int { return strings.Compare(a.name, b.name) })
	files = append(files, translated...)
	if len(c.Icon) > 0 {
		files = append(files, addendum{"icon.png", MediaTypeIcon, c.Icon})
	}
	return append(files, addendum{moduleFile, types.OCILayer, c.Module}), nil
}

func buildLayered(c Contents, manifest, config types.MediaType, files ...addendum) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, manifest), config)
	for _, file := range files {
		layer, err := file.layer()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
		add := mutate.Addendum{Layer: layer, MediaType: file.mediaType}
		if manifest != types.DockerManifestSchema2 {
			// The name a file gets when ORAS pulls the image.
			add.Annotations = map[string]string{AnnotationTitle: file.name}
		}
		if img, err = mutate.Append(img, add); err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
	}
	created := c.Created
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	described, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	described = described.DeepCopy()
	// What a build FROM scratch says. Docker pulls no image of another operating system, not even to copy it.
	described.OS, described.Architecture = "linux", "amd64"
	described.Created = v1.Time{Time: created.UTC()}
	described.Config.Labels = c.Annotations
	described.History = nil
	if img, err = mutate.ConfigFile(img, described); err != nil {
		return nil, err
	}
	if manifest == types.DockerManifestSchema2 || len(c.Annotations) == 0 {
		return img, nil
	}
	return mutate.Annotations(img, c.Annotations).(v1.Image), nil
}

func (a addendum) layer() (v1.Layer, error) {
	if !a.mediaType.IsLayer() {
		return static.NewLayer(a.data, a.mediaType), nil
	}
	archive, err := archiveOf(a.name, a.data)
	if err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil },
		tarball.WithMediaType(a.mediaType), tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching)
}

// archiveOf is a tar file with one file: no date, no owner.
func archiveOf(name string, data []byte) ([]byte, error) {
	var out bytes.Buffer
	archive := tar.NewWriter(&out)
	header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data)), Format: tar.FormatUSTAR, ModTime: time.Unix(0, 0)}
	if err := archive.WriteHeader(header); err != nil {
		return nil, err
	}
	if _, err := archive.Write(data); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
