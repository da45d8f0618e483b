// Package sbom lists what is linked into a plugin, as a software bill of materials in the JSON form of CycloneDX 1.6.
package sbom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Plugin is what a bill of materials is about.
type Plugin struct {
	Name, Version string
	Dir           string   // folder of its package main
	Tags          []string // build tags
}

// Document is a CycloneDX bill of materials.
type Document struct {
	Format      string      `json:"bomFormat"`   // CycloneDX
	SpecVersion string      `json:"specVersion"` // 1.6
	Version     int         `json:"version"`     // of this document
	Metadata    Metadata    `json:"metadata"`
	Components  []Component `json:"components"`
}

// Metadata names the component that the document is about.
type Metadata struct {
	Component Component `json:"component"`
}

// Component is the plugin, or a Go module in it.
type Component struct {
	Type    string `json:"type"` // application or library
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"` // a package URL, https://github.com/package-url/purl-spec
	Ref     string `json:"bom-ref"`
}

// listed is what go list tells of a package.
type listed struct {
	Standard bool
	Module   *goModule
}

type goModule struct {
	Path, Version string
	Main          bool
	Replace       *goModule
}

// Generate asks the local Go toolchain which modules the plugin's packages come from. The same sources give the same
// document: it has neither a date nor a serial number.
func Generate(ctx context.Context, p Plugin) (*Document, error) {
	list := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Standard,Module", "-tags", strings.Join(p.Tags, ","), ".")
	list.Dir = p.Dir
	list.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	version := exec.CommandContext(ctx, "go", "env", "GOVERSION")
	version.Dir = p.Dir
	goVersion, err := version.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	components, err := components(output, strings.TrimPrefix(strings.TrimSpace(string(goVersion)), "go"))
	if err != nil {
		return nil, err
	}
	return &Document{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata:   Metadata{Component{Type: "application", Name: p.Name, Version: p.Version, Ref: p.Name}},
		Components: components,
	}, nil
}

// components are the modules of packages that go list printed, each once, sorted.
func components(packages []byte, goVersion string) ([]Component, error) {
	seen := map[string]bool{}
	var out []Component
	decoder := json.NewDecoder(bytes.NewReader(packages))
	for {
		var p listed
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		m := p.Module
		if p.Standard {
			m = &goModule{Path: "std", Version: goVersion}
		}
		if m == nil || seen[m.Path] {
			continue
		}
		seen[m.Path] = true
		out = append(out, m.component())
	}
	slices.SortFunc(out, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// component describes the module that was linked, which is the replacement where there is one from elsewhere. Modules of
// this repository have no version of their own.
func (m *goModule) component() Component {
	if m.Replace != nil && m.Replace.Version != "" {
		m = m.Replace
	}
	c := Component{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path, Ref: m.Path}
	if m.Version != "" {
		c.PURL += "@" + m.Version
		c.Ref += "@" + m.Version
	}
	return c
}
