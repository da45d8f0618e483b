package validate

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

// guest compiles testdata/guest to the plugin.wasm of a plugin.
func guest(t *testing.T) *catalog.Plugin {
	t.Helper()
	p := &catalog.Plugin{Name: "guest", Dir: t.TempDir()}
	build := exec.Command("go", "build", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w", "-o", p.Wasm(), ".")
	build.Dir = filepath.Join("testdata", "guest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "GOFLAGS=-mod=readonly")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	return p
}

func TestParserAsksThePlugin(t *testing.T) {
	ctx := context.Background()
	plugin := guest(t)
	parser := NewParser("")
	t.Cleanup(func() { assert.NoError(t, parser.Close(ctx)) })
	for _, c := range []struct {
		name, configuration string
		complaints          []string
		refusal             string
	}{
		{"accepted", "chat", nil, ""},
		{"no configuration", "", nil, ""},
		{"accepted with complaints, each told once", "complain", []string{"rule 1 lets nobody pass"}, ""},
		{"refused with a reason", "reason refuse", nil, "parse rule config failed: allow is required"},
		{"refused without a word", "refuse", nil, "configure failed: proxy_on_configure returned false"},
		{"call-outs and ticks lead nowhere", "call", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			complaints, err := parser.Load(ctx, plugin, plugin.Wasm(), []byte(c.configuration))
			assert.Equal(t, c.complaints, complaints)
			if c.refusal == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, c.refusal)
		})
	}
	t.Run("a plugin that breaks refuses", func(t *testing.T) {
		_, err := parser.Load(ctx, plugin, plugin.Wasm(), []byte("panic"))
		assert.Error(t, err)
	})
}

func TestParserWithoutAModule(t *testing.T) {
	parser := NewParser("")
	complaints, err := parser.Load(context.Background(), &catalog.Plugin{Name: "p"}, filepath.Join(t.TempDir(), "plugin.wasm"), nil)
	assert.NoError(t, err, "a plugin that is not compiled has no opinion")
	assert.Empty(t, complaints)
	assert.NoError(t, parser.Close(context.Background()))

	broken := &catalog.Plugin{Name: "p", Dir: t.TempDir()}
	require.NoError(t, os.WriteFile(broken.Wasm(), []byte("no module"), 0o600))
	_, err = parser.Load(context.Background(), broken, broken.Wasm(), nil)
	assert.ErrorContains(t, err, broken.Wasm())
	assert.NoError(t, parser.Close(context.Background()))
}
