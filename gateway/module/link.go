package module

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// MetadataSection is the custom section that Link adds.
const MetadataSection = "wasmplane"

// Metadata is the content of the section, as JSON.
type Metadata struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	SDKVersion string   `json:"sdkVersion,omitempty"`
	Phases     []string `json:"phases,omitempty"` // empty for modules of other SDKs
	// HostFunctions are the imports from env.
	HostFunctions []string `json:"hostFunctions"`
	// Requires is what the plugin needs of its host beyond the functions, such as headers-stop-iteration.
	Requires []string `json:"requires,omitempty"`
	// Uses is what the plugin asks of its host and only some hosts do; see HigressOnly.
	Uses []string `json:"uses,omitempty"`
}

// markers are the ABI markers in the order in which they must stand: a host takes the first one it knows.
var markers = []string{"proxy_abi_version_0_2_100", "proxy_abi_version_0_2_1"}

// Link finishes a module that the Go linker made. Its output depends on its input alone. The phases, the host functions
// and, where the build recorded it, the SDK's version are filled into the metadata. A module without the SDK's export
// keeps all of its exports and its markers, and only gets the section.
func Link(ctx context.Context, code []byte, meta Metadata) ([]byte, error) {
	m, err := Parse(code)
	if err != nil {
		return nil, err
	}
	meta.Phases = nil
	if m.exports(phasesExport) {
		m.importLogLevel()
		phases, err := probe(ctx, code)
		if err != nil {
			return nil, fmt.Errorf("ask the module for its phases: %w", err)
		}
		meta.Phases = phases.Names()
		m.dropExports(phases)
		if err := m.orderMarkers(); err != nil {
			return nil, err
		}
		meta.SDKVersion = sdkVersion(m.body(sectionData))
		m.packData()
	}
	meta.HostFunctions = m.hostFunctions()
	section, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	m.setCustom(MetadataSection, section)
	return m.Bytes(), nil
}

// ReadMetadata returns what Link recorded; ok is false for a module that was not linked.
func (m *Module) ReadMetadata() (meta Metadata, ok bool, err error) {
	section, ok := m.Custom(MetadataSection)
	if !ok {
		return meta, false, nil
	}
	if err := json.Unmarshal(section, &meta); err != nil {
		return meta, true, fmt.Errorf("section %s: %w", MetadataSection, err)
	}
	return meta, true, nil
}

func (m *Module) exports(name string) bool {
	return slices.ContainsFunc(m.Exports, func(e Export) bool { return e.Kind == kindFunction && e.Name == name })
}

func (m *Module) hostFunctions() []string {
	names := []string{}
	for _, i := range m.Imports {
		if i.Module == "env" && i.Kind == kindFunction {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (m *Module) dropExports(phases Phases) {
	m.Exports = slices.DeleteFunc(m.Exports, func(e Export) bool {
		needed, known := droppable[e.Name]
		return known && e.Kind == kindFunction && phases&needed == 0
	})
}

// orderMarkers puts both markers in front of all other exports. The one that is missing becomes a second name of the
// one that is there: a marker takes no parameters and is never called.
func (m *Module) orderMarkers() error {
	var function *Export
	for i := range m.Exports {
		if strings.HasPrefix(m.Exports[i].Name, "proxy_abi_version_") {
			function = &Export{Kind: kindFunction, Index: m.Exports[i].Index}
		}
	}
	if function == nil {
		return fmt.Errorf("the module exports no ABI marker: build it with the tag %s", strings.TrimPrefix(markers[0], "proxy_abi_version_"))
	}
	m.Exports = slices.DeleteFunc(m.Exports, func(e Export) bool { return slices.Contains(markers, e.Name) })
	front := make([]Export, 0, len(markers)+len(m.Exports))
	for _, name := range markers {
		front = append(front, Export{Name: name, Kind: kindFunction, Index: function.Index})
	}
	m.Exports = append(front, m.Exports...)
	return nil
}

// sdkVersion finds the SDK's version in the build information that Go puts into the data of a program.
func sdkVersion(data []byte) string {
	const line = "\tgithub.com/wasmplane/wasmplane/pkg\t"
	text := string(data)
	for _, kind := range []string{"dep", "mod"} {
		if _, rest, ok := strings.Cut(text, kind+line); ok {
			version, _, _ := strings.Cut(rest[:min(len(rest), 100)], "\n")
			version, _, _ = strings.Cut(version, "\t")
			return version
		}
	}
	return ""
}
