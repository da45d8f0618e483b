package images

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Another implementation of registries and images reads what this one writes, and the other way round.
func TestSkopeoReadsAndCopiesTheImages(t *testing.T) {
	skopeo, err := exec.LookPath("skopeo")
	if err != nil {
		t.Skip("skopeo is not installed: no other implementation reads the images")
	}
	p := helloWorld(t)
	host := newRegistry(t, nil)
	docker := t.TempDir()
	do := func(args ...string) string {
		t.Helper()
		r := runCommand(t, docker, skopeo, append([]string{"--insecure-policy"}, args...)...)
		require.NoError(t, r.err, "skopeo %v: %s", args, r.stderr)
		return r.stdout
	}
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			ref, copied := host+"/"+format+":1", host+"/copies/"+format+":1"
			pushed := run(t, "image", "push", p.Name, "--no-build", "--image", ref, "--format", format)
			var about struct {
				Digest string
				Labels map[string]string
				Layers []string
				Os     string
			}
			require.NoError(t, json.Unmarshal([]byte(do("inspect", "--tls-verify=false", "docker://"+ref)), &about))
			assert.Equal(t, digestIn(t, pushed), about.Digest)
			assert.Equal(t, "hello-world", about.Labels["org.opencontainers.image.title"])
			assert.Equal(t, p.Version, about.Labels["org.opencontainers.image.version"])
			assert.NotEmpty(t, about.Layers)

			do("copy", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+ref, "docker://"+copied)
			file := filepath.Join(t.TempDir(), "p.wasm")
			assert.Contains(t, run(t, "image", "pull", copied, "-o", file), digestIn(t, pushed), "the copy has the same digest")
			assert.Equal(t, sum(t, p.Wasm()), sum(t, file))
		})
	}
	t.Run("a folder that image build wrote", func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "layout")
		built := run(t, "image", "build", p.Name, "--no-build", "-o", folder)
		ref := host + "/layout:1"
		do("copy", "--preserve-digests", "--dest-tls-verify=false", "oci:"+folder, "docker://"+ref)
		assert.Contains(t, run(t, "image", "inspect", ref), digestIn(t, built))
	})
	t.Run("a file for docker load", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "image.tar")
		run(t, "image", "build", p.Name, "--no-build", "--format", "docker", "-o", file)
		ref := host + "/archive:1"
		do("copy", "--dest-tls-verify=false", "docker-archive:"+file, "docker://"+ref)
		pulled := filepath.Join(t.TempDir(), "p.wasm")
		run(t, "image", "pull", ref, "-o", pulled)
		assert.Equal(t, sum(t, p.Wasm()), sum(t, pulled), "an image as another tool writes it")
		_, err := os.Stat(file)
		assert.NoError(t, err)
	})
}
