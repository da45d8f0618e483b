package images

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copyCheckout copies the sources, without what git and builds leave.
func copyCheckout(t *testing.T, to string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(checkout, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(checkout, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if rel != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "build") {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if !entry.Type().IsRegular() || filepath.Ext(path) == ".wasm" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o644)
	}))
}

// buildIn builds hello-world in a checkout and returns the digest of plugin.wasm.
func buildIn(t *testing.T, dir string, args ...string) (digest, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), wasmplane, append([]string{"build", "hello-world"}, args...)...)
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	return sum(t, filepath.Join(dir, "extensions", "hello-world", "plugin.wasm")), string(text)
}

func TestBuildsAreReproducible(t *testing.T) {
	with, without := filepath.Join(t.TempDir(), "with-git"), filepath.Join(t.TempDir(), "a", "deeper", "folder", "without")
	copyCheckout(t, without)
	copyCheckout(t, with)
	for _, args := range [][]string{{"init", "-q"}, {"add", "go.work", "extensions", "pkg"},
		{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "commit", "-q", "-m", "all"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = with
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %v: %s", args, output)
	}
	require.NoDirExists(t, filepath.Join(without, ".git"))
	first, output := buildIn(t, with)
	assert.Regexp(t, regexp.MustCompile(`^hello-world: \d+\.\d\d MB, \d+\.\d s, `), output, "name, size and seconds")
	second, _ := buildIn(t, without)
	assert.Equal(t, first, second, "two folders, with and without git")
	third, _ := buildIn(t, without, "--tags", "proxy_wasm_version_0_2_100")
	assert.Equal(t, first, third, "the build tag that Higress' Makefile has as a default changes nothing")
}

func TestBuildingStopsAtTheFirstFailure(t *testing.T) {
	dir := t.TempDir()
	plugin := func(name, source string) string {
		folder := filepath.Join(dir, name)
		require.NoError(t, os.Mkdir(folder, 0o755))
		for file, text := range map[string]string{"go.mod": "module " + name + "\n\ngo 1.24\n", "main.go": source,
			"plugin.yaml": "name: " + name + "\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\n"} {
			require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644))
		}
		return folder
	}
	good := plugin("good", "package main\n\nfunc main() {}\n")
	bad := plugin("bad", "package main\n\nfunc main() { nonsense() }\n")
	late := plugin("late", "package main\n\nfunc main() {}\n")
	r := runCommand(t, dir, wasmplane, "build", good, bad, late)
	require.Error(t, r.err)
	assert.Regexp(t, `^\[1/3\] good: \d+\.\d\d MB, \d+\.\d s, .*good/plugin.wasm\n$`, r.stdout)
	assert.Contains(t, r.stderr, "[2/3] build bad: ")
	assert.Contains(t, r.stderr, "main.go:3:15: undefined: nonsense")
	assert.NoFileExists(t, filepath.Join(bad, "plugin.wasm"))
	assert.NoFileExists(t, filepath.Join(late, "plugin.wasm"))
}

func TestOptimizedBuilds(t *testing.T) {
	folder := t.TempDir()
	for file, text := range map[string]string{"go.mod": "module p\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n",
		"plugin.yaml": "name: p\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644))
	}
	r := runCommand(t, folder, wasmplane, "build", folder, "--opt")
	require.NoError(t, r.err, r.stderr)
	if _, err := exec.LookPath("wasm-opt"); err != nil {
		assert.Contains(t, r.stderr, "not optimized: wasm-opt (of binaryen) is not on PATH")
		return
	}
	assert.Regexp(t, `p: wasm-opt: \d+\.\d\d MB to \d+\.\d\d MB \(-\d+\.\d %\), `, r.stdout)
	assert.Contains(t, run(t, "inspect", filepath.Join(folder, "plugin.wasm")), "plugin p 1.0.0", "the module is whole")
}
