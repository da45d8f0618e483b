package oci

import (
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Save writes an image to disk under a reference, replacing what is there: to a file that `docker load` reads if the path
// ends with .tar, else to a folder in the layout of the OCI image specification, which skopeo and others read as
// oci:PATH.
func Save(img v1.Image, path, reference string) error {
	ref, err := (&Client{}).parse(reference)
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".tar") {
		return tarball.WriteToFile(path, ref, img)
	}
	if err := clearLayout(path); err != nil {
		return err
	}
	folder, err := layout.Write(path, empty.Index)
	if err != nil {
		return err
	}
	tag, ok := ref.(name.Tag)
	if !ok {
		return fmt.Errorf("%w: %s: an image is saved under a tag, not a digest", ErrReference, reference)
	}
	return folder.AppendImage(img, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag.TagStr()}))
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
