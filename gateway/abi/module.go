package abi

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
)

// ErrUnknownVersion says that a module exports no ABI marker that the host knows.
var ErrUnknownVersion = errors.New("Missing or unknown Proxy-Wasm ABI version") //nolint:staticcheck // Envoy's text

// Module is a compiled module that passed all load checks. It is immutable and safe for concurrent use.
type Module struct {
	runtime  *Runtime
	compiled wazero.CompiledModule
	version  Version
	profile  Profile
	digest   [sha256.Size]byte
	size     int
}

// Compile checks and compiles a module for the given host. It fails when the module has no known ABI marker, imports
// what the host does not offer or with another type, or exports a callback with another type.
func (r *Runtime) Compile(ctx context.Context, wasm []byte, profile Profile) (*Module, error) {
	shape, err := readOutline(wasm)
	if err != nil {
		return nil, err
	}
	version := firstKnownVersion(shape.functionExports, profile)
	if version == 0 {
		return nil, ErrUnknownVersion
	}
	for _, other := range shape.otherImports {
		return nil, fmt.Errorf("import %s.%s: the host offers functions only", other[0], other[1])
	}
	compiled, err := r.wazero.CompileModule(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	m := &Module{runtime: r, compiled: compiled, version: version, profile: profile,
		digest: sha256.Sum256(wasm), size: len(wasm)}
	if err := errors.Join(m.checkImports(), m.checkExports()); err != nil {
		return nil, errors.Join(err, compiled.Close(ctx))
	}
	return m, nil
}

// Version returns the ABI version that the module is run with.
func (m *Module) Version() Version { return m.version }

// Profile returns the host that the module was compiled for.
func (m *Module) Profile() Profile { return m.profile }

// Digest returns the SHA-256 of the module's bytes.
func (m *Module) Digest() [sha256.Size]byte { return m.digest }

// Size returns the number of the module's bytes.
func (m *Module) Size() int { return m.size }

// Close releases the compiled code. VMs made from it go on.
func (m *Module) Close(ctx context.Context) error { return m.compiled.Close(ctx) }

func firstKnownVersion(exports []string, profile Profile) Version {
	for _, name := range exports {
		if v := versionMarkers[name]; v != 0 && v <= profile.MaxVersion() {
			return v
		}
	}
	return 0
}

func (m *Module) checkImports() error {
	var problems []error
	for _, f := range m.compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		host := findHostFunction(module, name)
		switch {
		case host == nil || !host.offeredTo(m.version) || module == "env" && !m.profile.offers(name):
			problems = append(problems, fmt.Errorf("import %s.%s: unknown to a host of profile %s for ABI %s",
				module, name, m.profile, m.version))
		case !host.signature.matches(f):
			problems = append(problems, fmt.Errorf("import %s.%s: has type %s, the host's is %s",
				module, name, describe(f.ParamTypes(), f.ResultTypes()), host.signature))
		}
	}
	return errors.Join(problems...)
}

func (m *Module) checkExports() error {
	var problems []error
	exports := m.compiled.ExportedFunctions()
	for i := range guestFunctions {
		g := &guestFunctions[i]
		f, exported := exports[g.name]
		if exported && !g.signatureFor(m.version).matches(f) {
			problems = append(problems, fmt.Errorf("export %s: has type %s, the host expects %s",
				g.name, describe(f.ParamTypes(), f.ResultTypes()), g.signatureFor(m.version)))
		}
	}
	return errors.Join(problems...)
}
