package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/oci"
)

// URLError says that a URL or what goes with it cannot be right, whatever the network does.
type URLError struct{ Reason string }

// Error implements error.
func (e *URLError) Error() string { return e.Reason }

func urlErrorf(format string, args ...any) error { return &URLError{fmt.Sprintf(format, args...)} }

// Definite reports whether an error of Fetch will stay until the manifest or a local file changes.
func Definite(err error) bool {
	var wrong *URLError
	return errors.As(err, &wrong)
}

// Remote reports whether an address is of a web server or registry.
func Remote(address string) bool { return Scheme(address) != "file" }

// Scheme returns an address's scheme as Fetch reads it: "oci" for an image reference without one.
func Scheme(address string) string {
	scheme, _, found := strings.Cut(address, "://")
	switch {
	case found:
		return scheme
	case strings.HasPrefix(address, "file:"):
		return "file"
	default:
		return "oci"
	}
}

// Host is the web server or registry of an address, with its port if it has one; "" for files and what is no address.
func Host(address string) string {
	switch Scheme(address) {
	case "http", "https":
		if u, err := url.Parse(address); err == nil {
			return u.Host
		}
	case "oci":
		return oci.Registry(address)
	}
	return ""
}

// Check refuses a source that Fetch would refuse without having tried to fetch it; the error is a *URLError.
func Check(s Source) error {
	scheme, err := check(s)
	if err == nil && scheme == "file" {
		_, err = filePath(s.URL)
	}
	return err
}

// check refuses what is wrong in itself, but for paths of files, and returns the scheme.
func check(s Source) (scheme string, err error) {
	if s.SHA256 != "" && !isDigest(bare(s.SHA256)) {
		return "", urlErrorf("sha256 %q must be 64 hexadecimal digits", s.SHA256)
	}
	if s.Policy != "" && s.Policy != IfNotPresent && s.Policy != Always {
		return "", urlErrorf("the pull policy must be IfNotPresent or Always, not %q", s.Policy)
	}
	switch scheme = Scheme(s.URL); scheme {
	case "file":
		return scheme, nil
	case "http", "https":
		u, err := url.Parse(s.URL)
		if err != nil || u.Host == "" {
			return "", urlErrorf("%q is not a URL", Redacted(s.URL))
		}
		if scheme == "http" && u.User != nil {
			return "", urlErrorf("%s: a password is not sent over plain HTTP", u.Redacted())
		}
		return scheme, nil
	case "docker":
		return "", urlErrorf("%s: Higress and Istio do not know the scheme docker; write oci://%s", s.URL, strings.TrimPrefix(s.URL, "docker://"))
	case "oci":
	default:
		return "", urlErrorf("%s must be a file, http, https or oci URL", Redacted(s.URL))
	}
	if err := oci.Check(s.URL); err != nil {
		return "", &URLError{err.Error()}
	}
	if pinned, ok := oci.Pinned(s.URL); ok && s.SHA256 != "" && bare(pinned) != bare(s.SHA256) {
		return "", urlErrorf("%s names another digest than sha256 %s", s.URL, s.SHA256)
	}
	return scheme, nil
}

// filePath is the path in a file URL. Higress and Istio cut "file://" off and take the rest, so there must be nothing else.
func filePath(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", urlErrorf("%q is not a URL", address)
	}
	if u.Host != "" || u.Path == "" || !strings.HasPrefix(address, "file:///") {
		return "", urlErrorf("%s must have three slashes: file:///path", address)
	}
	return u.Path, nil
}
