package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// moduleCache holds compiled modules by digest. The zero value is ready to use. It is not safe for concurrent use: one
// reload at a time has it.
type moduleCache struct {
	modules map[string]*abi.Module
}

// load fetches a plugin's module, checks its digest and compiles it once.
func (c *moduleCache) load(ctx context.Context, host *abi.Runtime, profile abi.Profile, p *manifest.Plugin) (*abi.Module, string, error) {
	code, err := fetch(p.URL)
	if err != nil {
		return nil, "", fmt.Errorf("spec.url: %w", err)
	}
	sum := sha256.Sum256(code)
	digest := hex.EncodeToString(sum[:])
	if want := strings.ToLower(strings.TrimPrefix(p.SHA256, "sha256:")); want != "" && want != digest {
		return nil, "", fmt.Errorf("spec.sha256: the module's digest is %s, not %s", digest, want)
	}
	if m := c.modules[digest]; m != nil {
		return m, digest, nil
	}
	m, err := host.Compile(experimental.WithCompilationWorkers(ctx, runtime.NumCPU()), code, profile)
	if err != nil {
		return nil, "", fmt.Errorf("spec.url: %s: %w", p.URL, err)
	}
	if c.modules == nil {
		c.modules = map[string]*abi.Module{}
	}
	c.modules[digest] = m
	return m, digest, nil
}

// holdsOthers reports whether there are modules besides those given by digest.
func (c *moduleCache) holdsOthers(used map[string]bool) bool {
	for digest := range c.modules {
		if !used[digest] {
			return true
		}
	}
	return false
}

// keep closes all modules but those given by digest. VMs made from them go on.
func (c *moduleCache) keep(ctx context.Context, used map[string]bool) error {
	var failures []error
	for digest, m := range c.modules {
		if used[digest] {
			continue
		}
		delete(c.modules, digest)
		failures = append(failures, m.Close(ctx))
	}
	return errors.Join(failures...)
}

// fetch reads the module that a WasmPlugin's url names.
func fetch(address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", address)
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || u.Path == "" {
			return nil, fmt.Errorf("%s must have three slashes: file:///path", address)
		}
		code, err := os.ReadFile(u.Path)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(string(code[:min(4, len(code))]), "\x00asm") {
			return nil, fmt.Errorf("%s is not a wasm module", u.Path)
		}
		return code, nil
	case "http", "https", "oci", "":
		return nil, fmt.Errorf("%s: the local gateway does not pull modules from a registry or web server yet; use file:///path/to/plugin.wasm", address)
	default:
		return nil, fmt.Errorf("%s must be a file, http, https or oci URL", address)
	}
}
