package images

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/server"
)

// formats by which the plugins are packed, in turn.
var formats = []string{"image", "docker", "artifact", "higress"}

// revision keeps a commit made meanwhile out of what is compared.
const revision = "--annotation=org.opencontainers.image.revision=test"

func pluginsToTry(t *testing.T) []string {
	t.Helper()
	if os.Getenv("WASMPLANE_ALL_IMAGES") == "1" {
		return catalog.Names(checkout)
	}
	return []string{"hello-world", "key-auth", "request-block"}
}

func TestPluginsComeFromImagesToRequests(t *testing.T) {
	host := newRegistry(t, nil)
	cache := t.TempDir()
	for i, name := range pluginsToTry(t) {
		format := formats[i%len(formats)]
		t.Run(name+" as "+format, func(t *testing.T) {
			p, err := catalog.Load(filepath.Join(checkout, "extensions", name))
			require.NoError(t, err)
			require.NotEmpty(t, p.Examples, "its example is what is tried")
			output := run(t, "image", "push", name, "--registry", host+"/plugins/", "--tag", "latest", "--format", format, revision)
			tagged := host + "/plugins/" + name + ":" + p.Version
			assert.Contains(t, output, tagged+" pushed\n")
			assert.Contains(t, output, host+"/plugins/"+name+":latest pushed\n")
			pinned := host + "/plugins/" + name + "@" + digestIn(t, output)

			byTag, byDigest := config(t, cache, p, "oci://"+tagged), config(t, cache, p, pinned)
			for _, config := range []server.Config{byTag, byDigest} { // each with a memory of its own: limits count requests
				serve(t, config, func(g *server.Gateway) { requireEffect(t, g, &p.Examples[0]) })
			}

			again := run(t, "image", "push", name, "--no-build", "--registry", host+"/plugins/", "--format", format, revision)
			assert.Contains(t, again, tagged+" unchanged\n")
			assert.Equal(t, digestIn(t, output), digestIn(t, again), "the same contents have the same digest")
		})
	}
}

// serve runs a gateway while f runs.
func serve(t *testing.T, config server.Config, f func(*server.Gateway)) {
	t.Helper()
	g, err := server.New(t.Context(), config)
	require.NoError(t, err)
	defer g.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx, 0) }()
	f(g)
	stop()
	require.NoError(t, <-ended)
}

// config is a gateway with the plugin's first example, its module from url.
func config(t *testing.T, cache string, p *catalog.Plugin, url string) server.Config {
	t.Helper()
	manifests, err := p.Manifests(&p.Examples[0])
	require.NoError(t, err)
	file := "file://" + p.Wasm()
	require.Contains(t, string(manifests), file)
	return server.Config{
		Listen: "127.0.0.1:0", Admin: "off", Concurrency: 1, CacheDir: cache, Services: p.Examples[0].Services,
		Inline: []manifest.File{{Name: p.Name + ".yaml", Data: []byte(strings.Replace(string(manifests), file, url, 1))}},
	}
}

// requireEffect sends the example's requests and compares the answers.
func requireEffect(t *testing.T, g *server.Gateway, e *catalog.Example) {
	t.Helper()
	require.NotEmpty(t, e.Requests)
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	for _, x := range e.Requests {
		var res *http.Response
		var body []byte
		for range max(1, x.Repeat) {
			method := x.Request.Method
			if method == "" {
				method = http.MethodGet
			}
			r, err := http.NewRequestWithContext(t.Context(), method, "http://"+g.Addr()+x.Request.Path, strings.NewReader(x.Request.Body))
			require.NoError(t, err)
			r.Host = x.Request.Host
			for key, value := range x.Request.Headers {
				r.Header.Set(key, value)
			}
			res, err = client.Do(r)
			require.NoError(t, err)
			body, err = io.ReadAll(res.Body)
			require.NoError(t, err)
			res.Body.Close()
		}
		assert.Equal(t, x.Response.StatusCode, res.StatusCode, x.Name)
		for key, value := range x.Response.Headers {
			got := strings.Join(res.Header.Values(key), ",")
			if pattern, ok := strings.CutPrefix(value, "~"); ok {
				assert.Regexp(t, pattern, got, x.Name+": "+key)
				continue
			}
			assert.Equal(t, value, got, x.Name+": "+key)
		}

		if x.Response.Body != nil {
			assert.Equal(t, *x.Response.Body, string(body), x.Name)
		}
		for _, part := range x.Response.BodyContains {
			assert.Contains(t, string(body), part, x.Name)
		}
	}
}
