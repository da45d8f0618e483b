package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Why an image cannot be pushed or pulled. Errors of this package wrap one of these where it applies.
var (
	ErrReference      = errors.New("not an image reference")
	ErrUnreachable    = errors.New("the registry cannot be reached")
	ErrUnauthorized   = errors.New("the registry asks for a login")
	ErrPlainHTTP      = errors.New("plain HTTP is for loopback registries only")
	ErrNotFound       = errors.New("the registry has no such image")
	ErrRegistry       = errors.New("the registry failed")
	ErrMediaType      = errors.New("not a plugin image")
	ErrCorruptLayer   = errors.New("the layer is corrupt")
	ErrCorruptConfig  = errors.New("the image's configuration is corrupt")
	ErrDigestMismatch = errors.New("the digest does not match")
	ErrTooLarge       = errors.New("the module is too large")
)

// Temporary reports whether trying again may help: the registry could not be reached, was overloaded or failed, or the
// connection broke within a layer.
func Temporary(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrRegistry) || errors.Is(err, ErrCorruptLayer) || errors.Is(err, ErrCorruptConfig)
}

// explain says what an error of the registry client means for who wants the image.
func explain(ref name.Reference, err error, g *guard) error {
	registry := ref.Context().RegistryStr()
	var answered *transport.Error
	switch {
	case err == nil:
		return nil
	case g.refusedPlain.Load(), !g.plain(registry) && strings.Contains(err.Error(), http.ErrSchemeMismatch.Error()):
		return fmt.Errorf("%s: %w: allow it with --insecure-registry %s if that is meant: %w", ref, ErrPlainHTTP, registry, err)
	case known(err):
		return fmt.Errorf("%s: %w", ref, err)
	case errors.As(err, &answered):
		return fmt.Errorf("%s: %w", ref, answer(registry, answered.StatusCode, err, g))
	case strings.Contains(err.Error(), "unrecognized challenge"):
		return fmt.Errorf("%s: %w in a way that is not supported: %w", ref, ErrUnauthorized, err)
	// go-containerregistry has no type for this one.
	case strings.Contains(err.Error(), "does not match requested digest"), strings.Contains(err.Error(), "does not match Docker-Content-Digest"):
		return fmt.Errorf("%s: %w: %w", ref, ErrDigestMismatch, err)
	case g.silent.Load():
		return fmt.Errorf("%s: %w: %s takes connections and does not answer: %w", ref, ErrUnreachable, registry, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", ref, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: %w: the connection broke: %w", ref, ErrRegistry, err)
	case g.answered.Load() && !errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w: %w", ref, ErrRegistry, err)
	default:
		return fmt.Errorf("%s: %w: %s: %w", ref, ErrUnreachable, registry, err)
	}
}

func known(err error) bool {
	for _, e := range []error{ErrMediaType, ErrCorruptLayer, ErrCorruptConfig, ErrDigestMismatch, ErrTooLarge} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// answer explains an error with an HTTP status.
func answer(registry string, status int, err error, g *guard) error {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		if g.anonymousForPlain {
			return fmt.Errorf("%w, and logins are not sent over plain HTTP to %s: %w", ErrUnauthorized, registry, err)
		}
		if g.spokePlain.Load() {
			return fmt.Errorf("%w, and docker login %s does not help, because no login is sent over plain HTTP: it needs TLS, or to let anonymous clients in: %w", ErrUnauthorized, registry, err)
		}
		if g.credentials {
			return fmt.Errorf("%w: %s does not accept the one it was given for this image: %w", ErrUnauthorized, registry, err)
		}
		return fmt.Errorf("%w: docker login %s, or name an imagePullSecret: %w", ErrUnauthorized, registry, err)
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	default:
		return fmt.Errorf("%w: %s: %w", ErrRegistry, registry, err)
	}
}
