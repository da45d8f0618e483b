package fetch

import (
	"context"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/oci"
)

// fromRegistry gets a module out of an image. A reference by digest, and a tag that need not be looked at again, are
// answered by the cache without a connection.
func (f *Fetcher) fromRegistry(ctx context.Context, s Source) (*Module, error) {
	_, pinned := oci.Pinned(s.URL)
	again := s.Policy == Always || s.Policy == "" && oci.Floating(s.URL)
	key := "oci://" + trimScheme(s.URL)
	if pinned || !again {
		if m := f.cache.find(key); m != nil && m.isImage(s) {
			return m, nil
		}
	}
	client := &oci.Client{Insecure: f.options.InsecureRegistries, Transport: f.options.Transport}
	if s.Logins != nil {
		client.Keychain = s.Logins
	}
	var found *Module
	err := f.retry(ctx, s.URL, func() (error, bool) {
		m, err := f.pull(ctx, client, s)
		found = m
		return err, oci.Temporary(err)
	})
	if err != nil {
		return nil, err
	}
	f.cache.store(key, found)
	return found, nil
}

// pull makes one attempt. The layer of an image that the cache has is not transferred.
func (f *Fetcher) pull(ctx context.Context, client *oci.Client, s Source) (*Module, error) {
	var cached *Module
	var mismatch error
	image, code, err := client.Pull(ctx, s.URL, func(image *oci.Image) bool {
		if s.SHA256 != "" && !image.Matches(s.SHA256) {
			mismatch = &DigestError{"image", bare(image.Digest), bare(s.SHA256)}
			return true
		}
		cached = f.cache.find(image.Digest)
		return cached != nil
	}, nil)
	switch {
	case err != nil:
		return nil, err
	case mismatch != nil:
		return nil, mismatch
	case cached != nil:
		return cached, nil
	}
	m := &Module{Code: code, SHA256: digestOf(code), Image: image.Digest}
	m.index = image.IndexDigest
	f.cache.store(image.Digest, m)
	return m, nil
}

// isImage reports whether a module from the cache is from the image that the digest asks for.
func (m *Module) isImage(s Source) bool {
	want := bare(s.SHA256)
	return want == "" || want == bare(m.Image) || want == bare(m.index)
}

func trimScheme(address string) string { return strings.TrimPrefix(address, "oci://") }
