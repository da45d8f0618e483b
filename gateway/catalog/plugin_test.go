package catalog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBadPluginYAMLs(t *testing.T) {
	const good = "name: p\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\n"
	for _, c := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"no YAML", "name: [", "plugin.yaml: "},
		{"unknown field", good + "colour: red\n", "colour"},
		{"name", "name: P\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\n", `name: must be lower-case letters, digits and hyphens, not "P"`},
		{"no version", "name: p\nfailStrategy: FAIL_OPEN\n", "version: must not be empty"},
		{"fail strategy", "name: p\nversion: 1.0.0\nfailStrategy: open\n", `failStrategy: must be FAIL_OPEN or FAIL_CLOSE, not "open"`},
		{"phase", good + "phase: LATER\n", `phase: must be one of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS, not "LATER"`},
		{"placement", good + "placements: [{name: p-early, phase: AUTHN, priority: 1000}, {name: p-late, phase: STATS}]\n", ""},
		{"placement of another plugin", good + "placements: [{name: q-early}]\n", `placements[0].name: must be p- and a word that no other placement has, not "q-early"`},
		{"placement twice", good + "placements: [{name: p-early}, {name: p-early}]\n", `placements[1].name: must be p- and a word`},
		{"phase of a placement", good + "placements: [{name: p-early, phase: early}]\n", `placements[0].phase: must be one of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS, not "early"`},
		{"service", good + "examples: [{name: e, services: {\"a:1\": mysql}}]\n", `examples[0].services[a:1]: must be echo or redis, not "mysql"`},
		{"status", good + "examples: [{name: e, requests: [{name: r, request: {}, response: {}}]}]\n", "examples[0].requests[0].response.statusCode: must not be empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(c.text), 0o600))
			p, err := Load(dir)
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				assert.ErrorContains(t, err, filepath.Join(dir, "plugin.yaml"), "the file is named")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(dir, "plugin.wasm"), p.Wasm())
		})
	}
}
