// Package toolchain compiles plugins with the local Go toolchain.
package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// envoyTag has the SDK's Redis client speak to a Redis HTTP gateway, for hosts without Redis call-outs.
const envoyTag = "envoy"

// noRedisTag builds the SDK without its Redis client, and so without package net: smaller, and without a WASI import that
// Envoy 1.36 lacks.
const noRedisTag = "wasmplane_noredis"

// noJSONTag builds the SDK without encoding/json, whose package initialisation takes 0.05 MB into every plugin. Only
// attributes for logs need it: a plugin that uses them has the import needsJSON then.
const (
	noJSONTag = "wasmplane_nojson"
	needsJSON = "wasmplane_needs_json"
)

// Result is a finished build.
type Result struct {
	Output
	// Envoy is the module for hosts without Redis call-outs; nil where Output runs on every host, or a second module
	// would not run there either.
	Envoy *Output
	Took  time.Duration
}

// Output are the files of a module.
type Output struct {
	Wasm string // the finished module
	Raw  string // the Go linker's own output, which wasm-go's test host needs
	Size int64  // of Wasm, in bytes
}

// Build compiles a plugin: the Go linker's output to build/NAME.raw.wasm of the checkout (of the plugin's folder for
// a plugin elsewhere), the finished module to plugin.wasm in the plugin's folder. A plugin that uses Redis call-outs
// is built once more with the tag envoy, to build/NAME.envoy.raw.wasm and plugin.envoy.wasm; of others, no such files
// are left. No finished module is written when it fails; the error holds the compiler's output.
func Build(ctx context.Context, p *catalog.Plugin) (*Result, error) {
	start := time.Now()
	tags := p.BuildTags
	if slim(ctx, p.Dir, tags) {
		tags = append(slices.Clone(tags), slimTag)
	}
	plain := variant{plugin: p, Output: Output{Wasm: p.Wasm(), Raw: filepath.Join(Folder(p), p.Name+".raw.wasm")}, tags: tags}
	envoy := variant{plugin: p, Output: Output{Wasm: filepath.Join(p.Dir, module.EnvoyFile),
		Raw: filepath.Join(Folder(p), p.Name+".envoy.raw.wasm")}, tags: append(slices.Clone(tags), envoyTag)}
	usesRedis, err := plain.make(ctx, p.Requires)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", p.Name, err)
	}
	if usesRedis {
		requires := slices.DeleteFunc(slices.Clone(p.Requires), func(what string) bool { return what == "redis" })
		if usesRedis, err = envoy.make(ctx, requires); err != nil {
			return nil, fmt.Errorf("build %s with the tag %s: %w", p.Name, envoyTag, err)
		}
		if usesRedis { // by itself, not through the SDK
			envoy.code = nil
		}
	}
	result := &Result{Output: plain.Output}
	if envoy.code != nil {
		if err := replaceFile(envoy.Wasm, envoy.code); err != nil {
			return nil, err
		}
		result.Envoy = &envoy.Output
	} else if err := removeFiles(envoy.Wasm, envoy.Raw); err != nil {
		return nil, err
	}
	if err := replaceFile(plain.Wasm, plain.code); err != nil {
		return nil, err
	}
	result.Took = time.Since(start)
	return result, nil
}

// Folder is where intermediate results of a plugin go: build in its checkout, or in its own folder.
func Folder(p *catalog.Plugin) string {
	root := catalog.Checkout(p.Dir)
	if root == "" || isFile(filepath.Join(p.Dir, "go.mod")) {
		root = p.Dir
	}
	return filepath.Join(root, "build")
}

// variant is one of the modules that are made of a plugin.
type variant struct {
	Output
	plugin *catalog.Plugin
	tags   []string
	code   []byte // the finished module
}

// make compiles and links the module without writing it to Wasm. redis reports whether it uses Redis call-outs.
func (v *variant) make(ctx context.Context, requires []string) (redis bool, err error) {
	if err := os.MkdirAll(filepath.Dir(v.Raw), 0o755); err != nil {
		return false, err
	}
	linked, m, err := v.compile(ctx)
	if err != nil {
		return false, err
	}
	meta := module.Metadata{Name: v.plugin.Name, Version: v.plugin.Version, Requires: requires, Uses: v.plugin.Uses}
	if v.code, err = module.Link(ctx, linked, meta); err != nil {
		return false, fmt.Errorf("link: %w", err)
	}
	v.Size = int64(len(v.code))
	return m.ImportsRedis(), nil
}

// compile leaves encoding/json out if the plugin does not need it.
func (v *variant) compile(ctx context.Context) (linked []byte, m *module.Module, err error) {
	for _, tags := range [][]string{append(slices.Clone(v.tags), noJSONTag), v.tags} {
		if err = v.compileWith(ctx, tags); err != nil {
			continue
		}
		if linked, err = os.ReadFile(v.Raw); err != nil {
			return nil, nil, err
		}
		if m, err = module.Parse(linked); err != nil {
			return nil, nil, err
		}
		if !slices.ContainsFunc(m.Imports, func(i module.Import) bool { return i.Name == needsJSON }) {
			break
		}
	}
	return linked, m, err
}

// compileWith leaves the Redis client out if the plugin compiles without it.
func (v *variant) compileWith(ctx context.Context, tags []string) error {
	if !slices.Contains(tags, envoyTag) && Compile(ctx, v.plugin.Dir, v.Raw, append(slices.Clone(tags), noRedisTag)) == nil {
		return nil
	}
	return Compile(ctx, v.plugin.Dir, v.Raw, tags)
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

// tagList has each tag once: the list is written into the module.
func tagList(tags []string) string {
	list := []string{abiTag}
	for _, tag := range tags {
		if !slices.Contains(list, tag) {
			list = append(list, tag)
		}
	}
	return strings.Join(list, ",")
}

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

// Compile runs go build for a plugin's folder, with the runtime adapted to plugins (runtimeChanges).
func Compile(ctx context.Context, dir, output string, tags []string) error {
	overlay, remove, err := runtimeOverlay(ctx, dir, tags)
	if err != nil {
		return fmt.Errorf("adapt the runtime: %w", err)
	}
	defer remove()
	cmd := goCommand(ctx, dir, "build", "-buildmode=c-shared", "-buildvcs=false", "-trimpath", "-overlay="+overlay,
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

func removeFiles(paths ...string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
