package oci

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Client speaks to registries (OCI distribution specification). The zero value uses the logins of Docker's
// configuration. A Client is safe for concurrent use.
type Client struct {
	// Insecure are registries ("host" or "host:port") that may be spoken to over plain HTTP, as loopback ones always may.
	// Logins are never sent that way.
	Insecure []string
	// Keychain knows logins; nil means $DOCKER_CONFIG or ~/.docker/config.json with its credential helpers, and podman's
	// auth.json.
	Keychain authn.Keychain
	// Transport makes the connections; nil means one like http.DefaultTransport, which gives up on a registry that sends no
	// response headers for AnswerTimeout, 30 s if that is 0.
	Transport     http.RoundTripper
	AnswerTimeout time.Duration
}

func (c *Client) plain(host string) bool {
	return isLoopback(host) || slices.Contains(c.Insecure, host)
}

// parse reads a reference. "" as tag means latest, and a reference without a registry is one of Docker Hub, as for
// Docker and Istio.
func (c *Client) parse(reference string) (name.Reference, error) {
	if rest, ok := strings.CutPrefix(reference, "docker://"); ok {
		return nil, fmt.Errorf("%w: %s: write oci://%s", ErrReference, reference, rest)
	}
	text := strings.TrimPrefix(reference, "oci://")
	var options []name.Option
	if host, _, ok := strings.Cut(text, "/"); ok && c.plain(host) {
		options = append(options, name.Insecure)
	}
	ref, err := name.ParseReference(text, options...)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrReference, reference, err)
	}
	return ref, nil
}

// Check reports whether a reference, with or without oci://, is one.
func Check(reference string) error {
	_, err := (&Client{}).parse(reference)
	return err
}

// Pinned reports whether a reference names a digest, and which ("sha256:…").
func Pinned(reference string) (digest string, ok bool) {
	ref, err := (&Client{}).parse(reference)
	if err != nil {
		return "", false
	}
	d, ok := ref.(name.Digest)
	if !ok {
		return "", false
	}
	return d.DigestStr(), true
}

// Registry is the host of a reference's registry, with its port if it has one; "" if it is no reference.
func Registry(reference string) string {
	ref, err := (&Client{}).parse(reference)
	if err != nil {
		return ""
	}
	return ref.Context().RegistryStr()
}

// Floating reports whether a reference has the tag latest, written or not.
func Floating(reference string) bool {
	ref, err := (&Client{}).parse(reference)
	if err != nil {
		return false
	}
	tag, ok := ref.(name.Tag)
	return ok && tag.TagStr() == name.DefaultTag
}

// withLogin runs an exchange with the login that the keychain has for the repository, and once more without it if it
// would have gone over plain HTTP.
func (c *Client) withLogin(ctx context.Context, ref name.Reference, exchange func(g *guard, options []remote.Option) error) error {
	keychain := c.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	login, err := authn.Resolve(ctx, keychain, ref.Context())
	if err != nil {
		return fmt.Errorf("%s: login for %s: %w", ref, ref.Context().RegistryStr(), err)
	}
	g := &guard{base: c.transport(), plain: c.plain, credentials: login != authn.Anonymous}
	err = exchange(g, options(ctx, g, login))
	if err != nil && g.withheld.Load() && ctx.Err() == nil {
		g = &guard{base: g.base, plain: c.plain, anonymousForPlain: true}
		err = exchange(g, options(ctx, g, authn.Anonymous))
	}
	return explain(ref, err, g)
}

func options(ctx context.Context, g *guard, login authn.Authenticator) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuth(login), remote.WithTransport(g), remote.WithUserAgent("wasmplane")}
}

// answerTimeout is the default of Client.AnswerTimeout.
const answerTimeout = 30 * time.Second

var defaultTransport = sync.OnceValue(func() http.RoundTripper { return impatient(answerTimeout) })

func (c *Client) transport() http.RoundTripper {
	switch {
	case c.Transport != nil:
		return c.Transport
	case c.AnswerTimeout != 0:
		return impatient(c.AnswerTimeout)
	default:
		return defaultTransport()
	}
}

// impatient makes a transport that does not wait for response headers any longer.
func impatient(timeout time.Duration) *http.Transport {
	t := remote.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = timeout
	t.TLSHandshakeTimeout = min(t.TLSHandshakeTimeout, timeout)
	return t
}
