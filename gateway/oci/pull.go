package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is an image in a registry: its manifest has been read, its layers not.
type Image struct {
	Reference string // complete
	Digest    string // of the image's manifest, sha256:…
	// IndexDigest is the digest of the index (manifest list) that the reference names and the image was chosen from; ""
	// if it names an image.
	IndexDigest string
	Manifest    *v1.Manifest
	// Labels are those of the image's configuration; nil where it is not an image configuration.
	Labels map[string]string
}

// Matches reports whether a digest (with or without sha256:) is the image's, or that of the index it is in.
func (i *Image) Matches(digest string) bool {
	digest = "sha256:" + strings.ToLower(strings.TrimPrefix(digest, "sha256:"))
	return digest == i.Digest || digest == i.IndexDigest
}

// Inspect reads an image's manifest.
func (c *Client) Inspect(ctx context.Context, reference string) (*Image, error) {
	return c.read(ctx, reference, func(image *Image, img v1.Image) error {
		if !isConfig(image.Manifest.Config.MediaType) {
			return nil
		}
		config, err := img.ConfigFile()
		if err != nil {
			return corruptConfig(image.Manifest.Config.Digest, err)
		}
		image.Labels = config.Config.Labels
		return nil
	})
}

// corruptConfig says what an error while a configuration was read means: unless the registry or the connection failed, what
// came is not what the manifest says, or no JSON.
func corruptConfig(digest v1.Hash, err error) error {
	var answered *transport.Error
	var connection *url.Error
	if errors.As(err, &answered) || errors.As(err, &connection) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrCorruptConfig, digest, err)
}

func isConfig(t types.MediaType) bool {
	return t == types.OCIConfigJSON || t == types.DockerConfigJSON
}

// Pull reads an image's manifest and, unless have says that it has the module of this image, the module.
func (c *Client) Pull(ctx context.Context, reference string, have func(*Image) bool, progress Progress) (*Image, []byte, error) {
	var module []byte
	image, err := c.read(ctx, reference, func(image *Image, img v1.Image) (err error) {
		if have != nil && have(image) {
			return nil
		}
		module, err = moduleOf(img, progress)
		return err
	})
	return image, module, err
}

func (c *Client) read(ctx context.Context, reference string, then func(*Image, v1.Image) error) (*Image, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return nil, err
	}
	var image *Image
	err = c.withLogin(ctx, ref, func(_ *guard, options []remote.Option) error {
		// Who pulls decides whether to try again.
		desc, err := remote.Get(ref, append(options, remote.WithRetryBackoff(remote.Backoff{Steps: 1}))...)
		if err != nil {
			return err
		}
		image = &Image{Reference: ref.String()}
		img, err := chosen(desc, image)
		if err != nil {
			return err
		}
		if image.Manifest, err = img.Manifest(); err != nil {
			return err
		}
		return then(image, img)
	})
	if err != nil {
		return nil, err
	}
	return image, nil
}

// chosen returns the image that a descriptor names, for an index the one of the platform that fits best.
func chosen(desc *remote.Descriptor, image *Image) (v1.Image, error) {
	switch desc.MediaType {
	case types.OCIManifestSchema1, types.DockerManifestSchema2:
		image.Digest = desc.Digest.String()
		return desc.Image()
	case types.OCIImageIndex, types.DockerManifestList:
	default:
		return nil, fmt.Errorf("%w: it has the media type %s, not that of an image manifest or index of OCI or Docker", ErrMediaType, desc.MediaType)
	}
	index, err := desc.ImageIndex()
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var best *v1.Descriptor
	for i := range list.Manifests {
		if m := &list.Manifests[i]; m.MediaType.IsImage() && (best == nil || rank(m) < rank(best)) {
			best = m
		}
	}
	if best == nil || rank(best) == attestation {
		return nil, fmt.Errorf("%w: its index has no image", ErrMediaType)
	}
	image.IndexDigest, image.Digest = desc.Digest.String(), best.Digest.String()
	return index.Image(best.Digest)
}

const attestation = 4

// rank says how well an entry of an index suits: a module has no platform, but builders give it that of the machine, and
// docker buildx adds attestations of the platform unknown/unknown.
func rank(m *v1.Descriptor) int {
	p := m.Platform
	switch {
	case p == nil:
		return 2
	case p.Architecture == "wasm":
		return 0
	case p.OS == "linux" && p.Architecture == "amd64":
		return 1
	case p.OS == "unknown":
		return attestation
	default:
		return 3
	}
}

// readLayer reads a layer as the registry sends it, checked against its descriptor.
func readLayer(layer v1.Layer, progress Progress) ([]byte, error) {
	digest, err := layer.Digest()
	if err != nil {
		return nil, err
	}
	size, err := layer.Size()
	if err != nil {
		return nil, err
	}
	if size > MaxModuleSize {
		return nil, fmt.Errorf("%w: layer %s has %d bytes, the limit is %d", ErrTooLarge, digest, size, MaxModuleSize)
	}
	stream, err := layer.Compressed()
	if err != nil {
		if strings.Contains(err.Error(), "does not match expected size") {
			return nil, fmt.Errorf("%w: %s: %w", ErrCorruptLayer, digest, err)
		}
		return nil, err
	}
	defer stream.Close()
	data, err := io.ReadAll(&counted{r: stream, total: size, progress: progress})
	switch {
	case err == nil:
		return data, nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, err
	default: // of another digest or length, or cut off
		return nil, fmt.Errorf("%w: %s: %w", ErrCorruptLayer, digest, err)
	}
}

// counted tells progress what was read.
type counted struct {
	r           io.Reader
	done, total int64
	progress    Progress
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.done += int64(n)
	if c.progress != nil {
		c.progress(c.done, c.total)
	}
	return n, err
}
