package oci

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// altered lets a registry answer to GETs of a part of its paths and changes the body. It says the former length if keep.
func altered(r *testRegistry, part string, keep bool, change func([]byte) []byte) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, part) {
			return false
		}
		r.misbehave(nil)
		defer r.misbehave(altered(r, part, keep, change))
		rec := httptest.NewRecorder()
		r.Config.Handler.ServeHTTP(rec, req)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		body := change(rec.Body.Bytes())
		if !keep {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(rec.Code)
		io.Copy(w, bytes.NewReader(body))
		return true
	}
}

func TestEachFailureHasAReason(t *testing.T) {
	img := build(t, FormatImage)
	layers, err := img.Layers()
	require.NoError(t, err)
	layer, err := layers[0].Digest()
	require.NoError(t, err)
	pinned := digestString(t, contents(), FormatImage)
	flip := func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b }
	half := func(b []byte) []byte { return b[:len(b)/2] }
	answer := func(status int, header, value, body string) func(*testRegistry) func(http.ResponseWriter, *http.Request) bool {
		return func(*testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, req *http.Request) bool {
				if req.URL.Path == "/v2/" && status != http.StatusUnauthorized {
					return false
				}
				w.Header().Set(header, value)
				w.WriteHeader(status)
				io.WriteString(w, body)
				return true
			}
		}
	}
	for _, c := range []struct {
		name      string
		wrong     func(*testRegistry) func(http.ResponseWriter, *http.Request) bool
		reference string
		problem   error
		text      string
		temporary bool
	}{
		{"401", answer(401, "WWW-Authenticate", `Basic realm="r"`, ""), "/p:1", ErrUnauthorized, "does not help, because no login is sent over plain HTTP", false},
		{"401 without a challenge", answer(401, "X", "", ""), "/p:1", ErrUnauthorized, "", false},
		{"403", answer(403, "X", "", ""), "/p:1", ErrUnauthorized, "", false},
		{"no such tag", nil, "/p:2", ErrNotFound, "MANIFEST_UNKNOWN", false},
		{"no such repository", nil, "/other:1", ErrNotFound, "NAME_UNKNOWN", false},
		{"503", answer(503, "X", "", "down"), "/p:1", ErrRegistry, "503", true},
		{"503 to everything", func(*testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }
		}, "/p:1", ErrRegistry, "503", true},
		{"429", answer(429, "X", "", ""), "/p:1", ErrRegistry, "429", true},
		{"a manifest of no known type", answer(200, "Content-Type", "text/html", "<html>"), "/p:1", ErrMediaType, "text/html", false},
		{"a manifest that is none", answer(200, "Content-Type", "application/vnd.oci.image.manifest.v1+json", "{"), "/p:1", ErrRegistry, "", true},
		{"another manifest than that of the digest", func(r *testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return altered(r, "/manifests/", false, func([]byte) []byte { return []byte(`{"schemaVersion":2}`) })
		}, "/p@" + pinned, ErrDigestMismatch, pinned, false},
		{"a layer with another byte", func(r *testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return altered(r, layer.String(), false, flip)
		}, "/p:1", ErrCorruptLayer, layer.String(), true},
		{"a layer that is too short", func(r *testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return altered(r, layer.String(), false, half)
		}, "/p:1", ErrCorruptLayer, layer.String(), true},
		{"a layer that is cut off", func(r *testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return altered(r, layer.String(), true, half)
		}, "/p:1", ErrCorruptLayer, layer.String(), true},
		{"a layer that is not there", func(r *testRegistry) func(http.ResponseWriter, *http.Request) bool {
			return func(w http.ResponseWriter, req *http.Request) bool {
				if !strings.Contains(req.URL.Path, layer.String()) {
					return false
				}
				http.NotFound(w, req)
				return true
			}
		}, "/p:1", ErrNotFound, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRegistry(t, false)
			_, err := anonymous().Push(t.Context(), img, []string{r.host + "/p:1"}, nil)
			require.NoError(t, err)
			if c.wrong != nil {
				r.misbehave(c.wrong(r))
			}
			_, module, err := anonymous().Pull(t.Context(), r.host+c.reference, nil, nil)
			require.ErrorIs(t, err, c.problem)
			assert.ErrorContains(t, err, r.host+c.reference, "it names the image")
			assert.ErrorContains(t, err, c.text)
			assert.Equal(t, c.temporary, Temporary(err))
			assert.Nil(t, module)
		})
	}
}

func TestAnUnreachableRegistry(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host := ln.Addr().String()
	require.NoError(t, ln.Close())
	_, _, err = anonymous().Pull(t.Context(), host+"/p:1", nil, nil)
	require.ErrorIs(t, err, ErrUnreachable)
	assert.ErrorContains(t, err, host+"/p:1: the registry cannot be reached: "+host)
	assert.ErrorContains(t, err, "connection refused")
	assert.True(t, Temporary(err))
	_, err = anonymous().Push(t.Context(), build(t, FormatImage), []string{host + "/p:1"}, nil)
	assert.ErrorIs(t, err, ErrUnreachable)
	_, _, err = anonymous().Pull(t.Context(), "no-such-registry.invalid/p:1", nil, nil)
	assert.ErrorIs(t, err, ErrUnreachable)
}

func TestALoginIsAdvisedWhereItHelps(t *testing.T) {
	r := newRegistry(t, true)
	r.misbehave(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	client := anonymous()
	client.Transport = r.Client().Transport
	_, err := client.Inspect(t.Context(), r.host+"/p:1")
	require.ErrorIs(t, err, ErrUnauthorized)
	assert.ErrorContains(t, err, "docker login "+r.host)
}

func TestARegistryThatDoesNotAnswer(t *testing.T) {
	r := newRegistry(t, false)
	asked := make(chan struct{}, 100)
	r.misbehave(func(_ http.ResponseWriter, req *http.Request) bool {
		asked <- struct{}{}
		<-req.Context().Done()
		return true
	})
	client := anonymous()
	client.AnswerTimeout = 20 * time.Millisecond
	_, err := client.Inspect(t.Context(), r.host+"/p:1")
	require.ErrorIs(t, err, ErrUnreachable)
	assert.ErrorContains(t, err, r.host+"/p:1: the registry cannot be reached: "+r.host+" takes connections and does not answer")
	assert.Len(t, asked, 1, "it is not waited for again")
	_, _, err = client.Pull(t.Context(), r.host+"/p:1", nil, nil)
	assert.ErrorContains(t, err, "does not answer")
	_, err = client.Push(t.Context(), build(t, FormatImage), []string{r.host + "/p:1"}, nil)
	assert.ErrorContains(t, err, "does not answer")
	assert.Len(t, asked, 3)

	assert.Equal(t, 30*time.Second, (&Client{}).transport().(*http.Transport).ResponseHeaderTimeout, "what the command line uses")
}

func TestACorruptConfiguration(t *testing.T) {
	img := build(t, FormatImage)
	config, err := img.ConfigName()
	require.NoError(t, err)
	r := newRegistry(t, false)
	_, err = anonymous().Push(t.Context(), img, []string{r.host + "/p:1"}, nil)
	require.NoError(t, err)
	for name, change := range map[string]func([]byte) []byte{
		"another byte": func(b []byte) []byte { b = bytes.Clone(b); b[len(b)/2] ^= 1; return b },
		"cut":          func(b []byte) []byte { return b[:len(b)/2] },
		"no JSON":      func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) },
	} {
		for _, keep := range []bool{false, true} {
			r.misbehave(altered(r, config.String(), keep, change))
			_, err := anonymous().Inspect(t.Context(), r.host+"/p:1")
			require.ErrorIs(t, err, ErrCorruptConfig, name)
			assert.NotErrorIs(t, err, ErrRegistry, name)
			assert.ErrorContains(t, err, r.host+"/p:1: the image's configuration is corrupt: "+config.String(), name)
		}
	}
	r.misbehave(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, config.String()) {
			return false
		}
		http.NotFound(w, req)
		return true
	})
	_, err = anonymous().Inspect(t.Context(), r.host+"/p:1")
	assert.ErrorIs(t, err, ErrNotFound, "what is not there is not corrupt")
}

func TestATLSRegistryThatIsNotTrusted(t *testing.T) {
	r := newRegistry(t, true)
	_, _, err := anonymous().Pull(t.Context(), r.host+"/p:1", nil, nil)
	require.Error(t, err)
	assert.ErrorContains(t, err, "certificate")
}

func TestParseLogins(t *testing.T) {
	keys, err := ParseLogins([]byte(`{"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnA="}, "r.example": {"username": "u", "password": "p"},
		"r.example/team": {"auth": "dGVhbTpwOnE="}, "http://r.example:5000": {"identitytoken": "t"}}}`))
	require.NoError(t, err)
	for reference, want := range map[string]string{
		"p:1": "hub:p", "docker.io/team/p:1": "hub:p", "r.example/p:1": "u:p", "r.example/team/p:1": "team:p:q", "r.example/teams/p:1": "u:p",
		"r.example:5000/p:1": "token t", "other.example/p:1": "",
	} {
		ref, err := anonymous().parse(reference)
		require.NoError(t, err)
		auth, err := keys.Resolve(ref.Context())
		require.NoError(t, err)
		config, err := auth.Authorization()
		require.NoError(t, err)
		got := config.Username + ":" + config.Password
		if config.IdentityToken != "" {
			got = "token " + config.IdentityToken
		}
		assert.Equal(t, want, strings.TrimSuffix(got, ":"), reference)
	}
	for text, problem := range map[string]string{"": "must be JSON", `{"auths": []}`: "must be JSON", `{}`: "auths: must not be empty", `{"auths": {"": {}}}`: "is not a registry",
		`{"auths": {"r": {"auth": "secret!"}}}`: "must be JSON"} {
		_, err := ParseLogins([]byte(text))
		require.ErrorContains(t, err, problem, text)
		assert.NotContains(t, err.Error(), "secret")
	}
}
