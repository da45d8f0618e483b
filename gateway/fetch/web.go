package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/wasmplane/wasmplane/gateway/oci"
)

// fromWeb downloads a module. With a digest, or unless it must be asked for again, the cache answers.
func (f *Fetcher) fromWeb(ctx context.Context, s Source) (*Module, error) {
	if want := bare(s.SHA256); want != "" {
		if m := f.cache.module(want); m != nil {
			return m, nil
		}
	} else if s.Policy != Always {
		if m := f.cache.find(s.URL); m != nil {
			return m, nil
		}
	}
	var found *Module
	err := f.retry(ctx, s.URL, func() (err error, again bool) {
		found, err, again = f.download(ctx, s.URL)
		return err, again
	})
	if err != nil {
		return nil, err
	}
	if err := found.verify(s); err != nil {
		return nil, err
	}
	f.cache.store(s.URL, found)
	return found, nil
}

func (f *Fetcher) download(ctx context.Context, address string) (_ *Module, err error, again bool) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err, false
	}
	res, err := f.web.Do(r)
	if err != nil {
		return nil, err, !errors.Is(err, errDowngrade)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: the server answers %s", Redacted(address), res.Status), repeatable(res.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, oci.MaxModuleSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Redacted(address), err), true
	}
	code, err := unpacked(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Redacted(address), err), false
	}
	return &Module{Code: code, SHA256: digestOf(code)}, nil, false
}

// repeatable says which statuses may be followed by a better one.
func repeatable(status int) bool {
	switch status {
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// unpacked returns the module in data: itself, or the first file of a tar archive, or either of them in gzip.
func unpacked(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		stream, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		if data, err = io.ReadAll(io.LimitReader(stream, oci.MaxModuleSize+1)); err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
	}
	if !oci.IsModule(data) {
		data = firstFile(data)
	}
	switch {
	case len(data) > oci.MaxModuleSize:
		return nil, fmt.Errorf("%w: the limit is %d bytes", oci.ErrTooLarge, oci.MaxModuleSize)
	case !oci.IsModule(data):
		return nil, errors.New("what was downloaded is not a wasm module")
	}
	return data, nil
}

// firstFile returns the first regular file of a tar archive, or data if it is none.
func firstFile(data []byte) []byte {
	archive := tar.NewReader(bytes.NewReader(data))
	for {
		header, err := archive.Next()
		if err != nil {
			return data
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		file, err := io.ReadAll(archive)
		if err != nil {
			return data
		}
		return file
	}
}

var errDowngrade = errors.New("a redirect from https to http is not followed")

const maxRedirects = 10

// keepTLS is an http.Client.CheckRedirect.
func keepTLS(r *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errDowngrade
	}
	return nil
}
