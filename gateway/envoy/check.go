package envoy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/module"
)

// ForeignModuleError says why a stock Envoy cannot load a module.
type ForeignModuleError struct {
	Path    string
	Reasons []string // such as "the host has no proxy_redis_call"
	// Instead is a file beside the module that is built for a stock Envoy; empty when there is none.
	Instead string
}

// Error implements error.
func (e *ForeignModuleError) Error() string {
	text := fmt.Sprintf("%s does not run on a stock Envoy: %s", e.Path, strings.Join(e.Reasons, "; "))
	if e.Instead != "" {
		text += fmt.Sprintf("; use %s", e.Instead)
	}
	return text
}

// CheckModule returns a *ForeignModuleError if a stock Envoy cannot load the module in a file, or why the file cannot be
// read.
func CheckModule(path string) error {
	code, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return checkCode(path, code)
}

func checkCode(path string, code []byte) error {
	m, err := module.Parse(code)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	verdicts := m.Hosts()
	stock := verdicts[slices.IndexFunc(verdicts, func(v module.Verdict) bool { return v.Host == "Envoy" })]
	if stock.Runs {
		return nil
	}
	failure := &ForeignModuleError{Path: path, Reasons: stock.Reasons}
	if !linked(m) {
		failure.Reasons = append(failure.Reasons, "it is as the Go linker left it (wasmplane build finishes it)")
	}
	if variant := Variant(path); variant != path {
		if _, err := os.Stat(variant); err == nil {
			failure.Instead = variant
		}
	}
	return failure
}

// linked reports whether wasmplane build has finished the module, or another toolchain made it.
func linked(m *module.Module) bool {
	_, ok := m.Custom(module.MetadataSection)
	_, goBuilt := m.Custom("go:buildid")
	return ok || !goBuilt
}

// Variant is the name of the file that holds a plugin built for hosts without Higress' functions: plugin.envoy.wasm for
// plugin.wasm.
func Variant(path string) string {
	base, isWasm := strings.CutSuffix(path, ".wasm")
	if !isWasm || strings.HasSuffix(base, ".envoy") {
		return path
	}
	return base + ".envoy.wasm"
}

// Module returns which file of a plugin a stock Envoy can load: the one at path, else its Variant. The error is about
// the first.
func Module(path string) (string, error) {
	err := CheckModule(path)
	var foreign *ForeignModuleError
	if errors.As(err, &foreign) && foreign.Instead != "" && CheckModule(foreign.Instead) == nil {
		return foreign.Instead, nil
	}
	return path, err
}

// check refuses a plugin that a stock Envoy cannot run.
func check(p *manifest.Plugin) error {
	resource := "WasmPlugin " + p.Namespace + "/" + p.Name
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "file" || u.Host != "" || !filepath.IsAbs(u.Path) {
		return refusal(p.Source, resource, "spec.url", "%s: must be file:///path of a module on this machine", p.URL)
	}
	code, err := os.ReadFile(u.Path)
	if err != nil {
		return refusal(p.Source, resource, "spec.url", "%v", err)
	}
	sum := sha256.Sum256(code)
	if want := strings.ToLower(strings.TrimPrefix(p.SHA256, "sha256:")); want != "" && want != hex.EncodeToString(sum[:]) {
		return refusal(p.Source, resource, "spec.sha256", "the module's digest is %x, not %s", sum, want)
	}
	if err := checkCode(u.Path, code); err != nil {
		return refusal(p.Source, resource, "spec.url", "%v", err)
	}
	return nil
}
