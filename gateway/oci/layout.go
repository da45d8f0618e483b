package oci

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Save writes an image to disk under references, which must be tags, replacing what is there: to a file that `docker load`
// reads if the path ends with .tar, else to a folder in the layout of the OCI image specification, which skopeo and others
// read as oci:PATH. Nothing is touched if a reference is refused.
func Save(img v1.Image, path string, references ...string) error {
	tags, err := (&Client{}).tags(references, "saved", "under")
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".tar") {
		named := map[name.Reference]v1.Image{}
		for _, tag := range tags {
			named[tag] = img
		}
		return tarball.MultiRefWriteToFile(path, named)
	}
	if err := clearLayout(path); err != nil {
		return err
	}
	folder, err := layout.Write(path, empty.Index)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if err := folder.AppendImage(img, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag.TagStr()})); err != nil {
			return err
		}
	}
	return nil
}

// tags reads references that must be tags, without repetitions; verb and preposition say in errors what is done
// with an image by a tag.
func (c *Client) tags(references []string, verb, preposition string) ([]name.Tag, error) {
	if len(references) == 0 {
		return nil, fmt.Errorf("%w: there must be one", ErrReference)
	}
	var tags []name.Tag
	for _, reference := range references {
		ref, err := c.parse(reference)
		if err != nil {
			return nil, err
		}
		tag, ok := ref.(name.Tag)
		if !ok {
			return nil, fmt.Errorf("%w: %s: an image is %s %s a tag, not %[4]s a digest", ErrReference, reference, verb, preposition)
		}
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags, nil
}

// clearLayout removes a former image layout; anything else is left alone.
func clearLayout(path string) error {
	entries, err := os.ReadDir(path)
	if os.IsNotExist(err) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(path + "/oci-layout"); err != nil {
		return fmt.Errorf("%s is a folder with something else in it", path)
	}
	return os.RemoveAll(path)
}
