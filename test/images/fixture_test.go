// Package images tests the way of a plugin from its source through a registry to a gateway, with the command line as
// users have it. Every plugin of extensions/ takes it with WASMPLANE_ALL_IMAGES=1, else three do.
package images

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// checkout is the root of the repository, wasmplane the command line.
var checkout, wasmplane string

func TestMain(m *testing.M) {
	code, err := withCommand(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withCommand(run func() int) (int, error) {
	var err error
	if checkout, err = filepath.Abs("../.."); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "wasmplane-images-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	wasmplane = filepath.Join(dir, "wasmplane")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", wasmplane, "./gateway/cmd/wasmplane")
	build.Dir = checkout
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build wasmplane: %w\n%s", err, output)
	}
	return run(), nil
}

// result is what a command said.
type result struct {
	stdout, stderr string
	err            error
}

// runCommand runs a command in the checkout with a Docker configuration of the test's own.
func runCommand(t *testing.T, docker, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = checkout
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+docker)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return result{stdout.String(), stderr.String(), err}
}

// run runs wasmplane without any login, and requires success.
func run(t *testing.T, args ...string) string {
	t.Helper()
	r := runCommand(t, t.TempDir(), wasmplane, args...)
	if r.err != nil {
		t.Fatalf("wasmplane %s: %v\n%s%s", strings.Join(args, " "), r.err, r.stdout, r.stderr)
	}
	return r.stdout
}

// fails runs wasmplane without any login and returns what it says when it fails.
func fails(t *testing.T, args ...string) string {
	t.Helper()
	r := runCommand(t, t.TempDir(), wasmplane, args...)
	if r.err == nil {
		t.Fatalf("wasmplane %s must fail, but says %s", strings.Join(args, " "), r.stdout)
	}
	return r.stderr
}

// newRegistry starts a registry on a socket and returns its address. wrap, if any, is in front of it.
func newRegistry(t *testing.T, wrap func(http.Handler) http.Handler) (host string) {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients try TLS first
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

var digest = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// digestIn finds the one digest of a command's output.
func digestIn(t *testing.T, output string) string {
	t.Helper()
	found := digest.FindString(output)
	if found == "" {
		t.Fatalf("there is no digest in\n%s", output)
	}
	return found
}
