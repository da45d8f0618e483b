// Package toolchain compiles plugins with the local Go toolchain.
package toolchain

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/module"
)

// abiTag makes the SDK export ABI 0.2.100.
const abiTag = "proxy_wasm_version_0_2_100"

// Result is a finished build.
type Result struct {
	Wasm string // the finished module
	Raw  string // the Go linker's own output, which wasm-go's test host needs
	Size int64  // of Wasm, in bytes
	Took time.Duration
}

// Build compiles a plugin: the Go linker's output to build/NAME.raw.wasm of the checkout (of the plugin's folder for
// a plugin elsewhere), the finished module to plugin.wasm in the plugin's folder. Nothing is written when it fails; the
// error holds the compiler's output.
func Build(ctx context.Context, p *catalog.Plugin) (*Result, error) {
	start := time.Now()
	root := catalog.Checkout(p.Dir)
	own := isFile(filepath.Join(p.Dir, "go.mod"))
	if root == "" || own {
		root = p.Dir
	}
	raw := filepath.Join(root, "build", p.Name+".raw.wasm")
	if err := os.MkdirAll(filepath.Dir(raw), 0o755); err != nil {
		return nil, err
	}
	tags := p.BuildTags
	if slim(ctx, p.Dir, tags) {
		tags = append(slices.Clone(tags), slimTag)
	}
	if err := Compile(ctx, p.Dir, raw, tags); err != nil {
		return nil, fmt.Errorf("build %s: %w", p.Name, err)
	}
	linked, err := os.ReadFile(raw)
	if err != nil {
		return nil, err
	}
	code, err := module.Link(ctx, linked, module.Metadata{Name: p.Name, Version: p.Version, Requires: p.Requires})
	if err != nil {
		return nil, fmt.Errorf("link %s: %w", p.Name, err)
	}
	if err := replaceFile(p.Wasm(), code); err != nil {
		return nil, err
	}
	return &Result{Wasm: p.Wasm(), Raw: raw, Size: int64(len(code)), Took: time.Since(start)}, nil
}

// slimTag builds the SDK without net/http, a quarter of a small plugin. Its type wrapper.Header then stands in for
// http.Header.
const slimTag = "wasmplane_slim"

// slim reports whether a plugin can be built without net/http: nothing outside the standard library imports it once
// the SDK does not.
func slim(ctx context.Context, dir string, tags []string) bool {
	cmd := goCommand(ctx, dir, "list", "-deps", "-tags", tagList(append(slices.Clone(tags), slimTag)),
		"-f", `{{if not .Standard}}{{join .Imports " "}}{{end}}`, ".")
	imports, err := cmd.Output()
	return err == nil && !slices.Contains(strings.Fields(string(imports)), "net/http")
}

func tagList(tags []string) string { return strings.Join(append([]string{abiTag}, tags...), ",") }

// goCommand runs the go tool for wasip1 in a plugin's folder. A folder with a go.mod of its own is built without the
// workspace.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if isFile(filepath.Join(dir, "go.mod")) {
		cmd.Env = append(cmd.Env, "GOWORK=off")
	}
	return cmd
}

// Compile runs go build for a plugin's folder.
func Compile(ctx context.Context, dir, output string, tags []string) error {
	cmd := goCommand(ctx, dir, "build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath",
		"-tags", tagList(tags), "-ldflags=-s -w", "-o", output, ".")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(out.String()); text != "" {
			return fmt.Errorf("%w\n%s", err, text)
		}
		return err
	}
	return nil
}

// replaceFile writes a file so that a reader sees the old or the new content, never a part.
func replaceFile(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".plugin-*.wasm")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(data); err != nil {
		temporary.Close()
		return err
	}
	if err := temporary.Chmod(0o644); err != nil {
		temporary.Close()
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
