package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/bench"
	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

// modules compiles the subjects, each once.
type modules struct {
	root  string // of the checkout
	dir   string // for the results
	built map[string]string
}

func (m *modules) once(key string, build func(output string) error) (string, error) {
	if path, ok := m.built[key]; ok {
		return path, nil
	}
	path := filepath.Join(m.dir, key+".wasm")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := build(path); err != nil {
		return "", fmt.Errorf("build %s: %w", key, err)
	}
	m.built[key] = path
	return path, nil
}

// ours builds a plugin the way make build does. dir is relative to the checkout.
func (m *modules) ours(ctx context.Context, dir string) (string, error) {
	return m.once(filepath.Join("ours", filepath.Base(dir)), func(output string) error {
		plugin, err := catalog.Load(filepath.Join(m.root, dir))
		if err != nil {
			return err
		}
		built, err := toolchain.Build(ctx, plugin)
		if err != nil {
			return err
		}
		code, err := os.ReadFile(built.Wasm) // a copy: builds may go on beside the benchmark
		if err != nil {
			return err
		}
		return os.WriteFile(output, code, 0o644)
	})
}

// foreign compiles a plugin of another SDK with the command of wasm-go's documentation.
func (m *modules) foreign(ctx context.Context, dir string) (string, error) {
	kind := filepath.Base(filepath.Dir(dir))
	return m.once(filepath.Join(kind, filepath.Base(dir)), func(output string) error {
		return m.compile(ctx, dir, nil, "-o", output)
	})
}

// probed compiles a plugin of any SDK with the allocation probe added.
func (m *modules) probed(ctx context.Context, dir string) (string, error) {
	return m.once(filepath.Join("probed", dir), func(output string) error {
		source := output + ".go"
		if err := os.WriteFile(source, []byte(bench.AllocationProbe), 0o644); err != nil {
			return err
		}
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(m.root, dir, "allocation_probe.go"): source}})
		if err != nil {
			return err
		}
		if err := os.WriteFile(output+".json", overlay, 0o644); err != nil {
			return err
		}
		tags, err := buildTags(filepath.Join(m.root, dir))
		if err != nil {
			return err
		}
		return m.compile(ctx, dir, tags, "-overlay", output+".json", "-o", output)
	})
}

// buildTags are those of a folder's plugin.yaml; what has none, such as the plugins of other SDKs, needs none.
func buildTags(dir string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, "plugin.yaml")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	plugin, err := catalog.Load(dir)
	if err != nil {
		return nil, err
	}
	return plugin.BuildTags, nil
}

func (m *modules) compile(ctx context.Context, dir string, tags []string, arguments ...string) error {
	all := strings.Join(append([]string{"proxy_wasm_version_0_2_100"}, tags...), ",")
	arguments = append([]string{"build", "-buildmode=c-shared", "-tags", all}, arguments...)
	cmd := exec.CommandContext(ctx, "go", append(arguments, "./")...)
	cmd.Dir = filepath.Join(m.root, dir)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	if filepath.Dir(dir) == twins {
		cmd.Env = append(cmd.Env, "GOWORK=off")
	}
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, out.Bytes())
	}
	return nil
}

// envoyMarker is the ABI marker that a stock Envoy knows.
const envoyMarker = "proxy_abi_version_0_2_1"

// forEnvoy lets a stock Envoy load a module that has the marker of Higress alone: it gets the second one, at the end of
// the exports. Nothing else changes. A module with the marker is left as it is.
func (m *modules) forEnvoy(path string) (string, error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	parsed, err := module.Parse(code)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	var marker *module.Export
	for _, e := range parsed.Exports {
		switch e.Name {
		case envoyMarker:
			return path, nil
		case "proxy_abi_version_0_2_100":
			marker = &module.Export{Name: envoyMarker, Kind: e.Kind, Index: e.Index}
		}
	}
	if marker == nil {
		return "", fmt.Errorf("%s: no ABI marker", path)
	}
	parsed.Exports = append(parsed.Exports, *marker)
	patched := path + ".envoy.wasm"
	return patched, os.WriteFile(patched, parsed.Bytes(), 0o644)
}

// copies writes n modules that do what the one at path does, but that no engine takes for one another: each has a
// custom section of its own.
func copies(path, dir string, n int) ([]string, error) {
	code, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	paths := make([]string, n)
	for i := range paths {
		name := fmt.Sprintf("copy-%03d", i)
		section := append([]byte{0, byte(len(name) + 1), byte(len(name))}, name...)
		paths[i] = filepath.Join(dir, fmt.Sprintf("%s-%s", name, filepath.Base(path)))
		if err := os.WriteFile(paths[i], append(code[:len(code):len(code)], section...), 0o644); err != nil {
			return nil, err
		}
	}
	return paths, nil
}
