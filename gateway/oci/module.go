package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// moduleOf takes the module out of an image by the rules of Istio's agent: the last layer of a Docker image is Docker's
// tar+gzip, that of an OCI image OCI's, and holds a file named plugin.wasm; or an OCI image has exactly two layers and
// one of them is the raw module.
func moduleOf(img v1.Image, progress Progress) ([]byte, error) {
	manifest, err := img.Manifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Layers) == 0 {
		return nil, fmt.Errorf("%w: it has no layers", ErrMediaType)
	}
	last := manifest.Layers[len(manifest.Layers)-1]
	expected := types.OCILayer
	if manifest.MediaType == types.DockerManifestSchema2 {
		expected = types.DockerLayer
	}
	switch raw := rawModule(manifest); {
	case last.MediaType == expected:
		return archived(img, last, progress)
	case raw != nil:
		return module(img, *raw, progress)
	default:
		return nil, fmt.Errorf("%w: its last layer is %s; it must be %s with a file %s, or one of exactly two layers of an OCI image must be %s",
			ErrMediaType, last.MediaType, expected, moduleFile, MediaTypeModule)
	}
}

// rawModule returns the layer that is a module, if the image is the artifact variant.
func rawModule(manifest *v1.Manifest) *v1.Descriptor {
	if manifest.MediaType == types.DockerManifestSchema2 || len(manifest.Layers) != 2 {
		return nil
	}
	for i := range manifest.Layers {
		if manifest.Layers[i].MediaType == MediaTypeModule {
			return &manifest.Layers[i]
		}
	}
	return nil
}

func module(img v1.Image, d v1.Descriptor, progress Progress) ([]byte, error) {
	layer, err := img.LayerByDigest(d.Digest)
	if err != nil {
		return nil, err
	}
	data, err := readLayer(layer, progress)
	if err != nil {
		return nil, err
	}
	if !IsModule(data) {
		return nil, fmt.Errorf("%w: layer %s does not begin like WebAssembly", ErrMediaType, d.Digest)
	}
	return data, nil
}

func archived(img v1.Image, d v1.Descriptor, progress Progress) ([]byte, error) {
	layer, err := img.LayerByDigest(d.Digest)
	if err != nil {
		return nil, err
	}
	packed, err := readLayer(layer, progress)
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not gzip: %w", ErrCorruptLayer, d.Digest, err)
	}
	data, err := fileOf(unpacked, moduleFile)
	switch {
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrMediaType):
		return nil, fmt.Errorf("layer %s: %w", d.Digest, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrCorruptLayer, d.Digest, err)
	case !IsModule(data):
		return nil, fmt.Errorf("%w: %s in layer %s does not begin like WebAssembly", ErrMediaType, moduleFile, d.Digest)
	}
	return data, nil
}

// fileOf reads a regular file, in whatever folder it is, from a tar stream that is no longer than twice the limit.
func fileOf(stream io.Reader, name string) ([]byte, error) {
	bounded := &io.LimitedReader{R: stream, N: 2 * MaxModuleSize}
	archive := tar.NewReader(bounded)
	for {
		header, err := archive.Next()
		switch {
		case bounded.N <= 0:
			return nil, fmt.Errorf("%w: it unpacks to more than %d bytes", ErrTooLarge, 2*MaxModuleSize)
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: it holds no file %s", ErrMediaType, name)
		case err != nil:
			return nil, err
		}
		if header.Typeflag != tar.TypeReg || path.Base(header.Name) != name {
			continue
		}
		if header.Size > MaxModuleSize {
			return nil, fmt.Errorf("%w: %s has %d bytes, the limit is %d", ErrTooLarge, name, header.Size, MaxModuleSize)
		}
		return io.ReadAll(archive)
	}
}
