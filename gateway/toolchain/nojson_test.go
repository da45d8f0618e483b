package toolchain

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

func TestJSONIsLeftOutWhereNothingNeedsIt(t *testing.T) {
	const with = "//go:build !wasmplane_nojson\n\npackage main\n\nfunc marshal() { println(\"with JSON\") }\n"
	const without = "//go:build wasmplane_nojson\n\npackage main\n\n//go:wasmimport env wasmplane_needs_json\nfunc needsJSON()\n\n" +
		"func marshal() { needsJSON() }\n"
	tests := []struct {
		name, main, without string
		withJSON            bool
	}{
		{"nothing calls it", "package main\n\nfunc main() {}\n", without, false},
		{"something calls it", "package main\n\nfunc main() { marshal() }\n", without, true},
		{"it cannot be left out", "package main\n\nfunc main() { marshal() }\n", "//go:build wasmplane_nojson\n\npackage main\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"go.mod": "module p\n\ngo 1.24\n", "main.go": tt.main, "with.go": with, "without.go": tt.without,
				"plugin.yaml": "name: p\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\n"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
			}
			p, err := catalog.Load(dir)
			require.NoError(t, err)
			built, err := Build(context.Background(), p)
			require.NoError(t, err)
			for _, path := range []string{built.Wasm, built.Raw} {
				code, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, tt.withJSON, strings.Contains(string(code), "with JSON"))
				assert.NotContains(t, string(code), needsJSON)
			}
		})
	}
}
