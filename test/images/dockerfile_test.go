package images

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docker build does not run here; that the Dockerfile compiles with the toolchain of go.work can be seen without.
func TestTheDockerfileHasTheToolchainOfTheWorkspace(t *testing.T) {
	find := func(file, pattern string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(checkout, file))
		require.NoError(t, err)
		found := regexp.MustCompile(pattern).FindStringSubmatch(string(text))
		require.NotNil(t, found, "%s has no %s", file, pattern)
		return found[1]
	}
	assert.Equal(t, find("go.work", `(?m)^toolchain go(\S+)$`), find("Dockerfile", `(?m)^ARG BUILDER=golang:(\S+)$`))
}
