package catalog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const checkpoint = `name: checkpoint
title: Checkpoint
version: 1.2.0
description: Checks.
phase: AUTHN
priority: 310
failStrategy: FAIL_CLOSE
placements:
- {name: checkpoint-late, description: Counts what passed., phase: STATS}
examples:
- name: keys for everybody
  config:
    keys: [a, b]   # any
    consumers:
    - name: ann
`

func checkpointPlugin(t *testing.T, text string) *Plugin {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(text), 0o600))
	p, err := Load(dir)
	require.NoError(t, err)
	return p
}

func TestDeploy(t *testing.T) {
	p := checkpointPlugin(t, checkpoint)
	data, err := p.Deploy(DeployOptions{})
	require.NoError(t, err)
	assert.Equal(t, `# Generated from extensions/checkpoint/plugin.yaml by wasmplane deploy. Changes belong into an overlay: see docs/production.md.
# Checkpoint. Checks.
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata:
  name: checkpoint
  namespace: higress-system
  labels:
    app.kubernetes.io/name: checkpoint
    app.kubernetes.io/part-of: wasmplane
    app.kubernetes.io/version: "1.2.0"
spec:
  url: oci://ghcr.io/wasmplane/plugins/checkpoint:1.2.0
  phase: AUTHN
  priority: 310
  failStrategy: FAIL_CLOSE
  # Nothing is installed until a configuration is in force: write one and remove this line, or add matchRules.
  defaultConfigDisable: true
  # Example: keys for everybody
  # defaultConfig:
  #   keys: [a, b] # any
  #   consumers:
  #     - name: ann
---
# Checkpoint, in another place of the chain. Counts what passed.
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata:
  name: checkpoint-late
  namespace: higress-system
  labels:
    app.kubernetes.io/name: checkpoint
    app.kubernetes.io/part-of: wasmplane
    app.kubernetes.io/version: "1.2.0"
spec:
  url: oci://ghcr.io/wasmplane/plugins/checkpoint:1.2.0
  phase: STATS
  failStrategy: FAIL_CLOSE
  # Nothing is installed until a configuration is in force: write one and remove this line, or add matchRules.
  defaultConfigDisable: true
  # Example: keys for everybody
  # defaultConfig:
  #   keys: [a, b] # any
  #   consumers:
  #     - name: ann
`, string(data))
}

func TestDeployImages(t *testing.T) {
	p := checkpointPlugin(t, checkpoint)
	digest := "sha256:" + strings.Repeat("ab", 32)
	for _, c := range []struct {
		name    string
		options DeployOptions
		url     string
		err     string
	}{
		{"registry and version", DeployOptions{Registry: "r.example.com/x/", Version: "2.0.0"}, "oci://r.example.com/x/checkpoint:2.0.0", ""},
		{"digest", DeployOptions{Digests: map[string]string{"checkpoint": digest}}, "oci://ghcr.io/wasmplane/plugins/checkpoint@" + digest, ""},
		{"digest of another plugin", DeployOptions{Digests: map[string]string{"other": digest}}, "", "digests: there is none of checkpoint, and its tag is no substitute"},
		{"an empty list of digests", DeployOptions{Digests: map[string]string{}}, "", "digests: there is none of checkpoint, and its tag is no substitute"},
		{"no digest", DeployOptions{Digests: map[string]string{"checkpoint": "abc"}}, "", `digest of checkpoint: must be sha256: and 64 hexadecimal digits, not "abc"`},
		{"registry without slash", DeployOptions{Registry: "r.example.com"}, "", `registry: must end with a slash, not "r.example.com"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := p.Deploy(c.options)
			if c.err != "" {
				assert.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 2, strings.Count(string(data), "  url: "+c.url+"\n"), "both resources")
		})
	}
	_, err := DeployFiles([]*Plugin{p}, DeployOptions{Digests: map[string]string{"other": digest}})
	assert.EqualError(t, err, `digests: there is no plugin "other"`)
}

func TestDeployShowsRulesAsTheWholeConfiguration(t *testing.T) {
	p := checkpointPlugin(t, checkpoint[:strings.Index(checkpoint, "examples:")]+"examples: [{name: e, config: {_rules_: [{_match_route_: [r]}]}}]\n")
	data, err := p.Deploy(DeployOptions{})
	require.NoError(t, err)
	assert.Contains(t, string(data), "  # Example: e\n  # pluginConfig: {_rules_: [{_match_route_: [r]}]}\n")

	p = checkpointPlugin(t, checkpoint[:strings.Index(checkpoint, "examples:")])
	data, err = p.Deploy(DeployOptions{})
	require.NoError(t, err)
	assert.NotContains(t, string(data), "Example")
}

// generate is what to run where a file in deploy/ is not up to date.
const generate = "run: go run ./gateway/cmd/wasmplane deploy"

func TestDeployFolderIsUpToDate(t *testing.T) {
	root := Checkout(".")
	folder := filepath.Join(root, "deploy")
	files, err := DeployFiles(plugins(t), DeployOptions{})
	require.NoError(t, err)
	for name, want := range files {
		t.Run(name, func(t *testing.T) {
			current, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err, generate)
			assert.Equal(t, string(want), string(current), generate)
		})
	}
	stale, err := StaleDeployFiles(folder, files)
	require.NoError(t, err)
	assert.Empty(t, stale, "there are no such plugins; "+generate)
}

func TestDeployedExamplesAreTheFirstOnes(t *testing.T) {
	for _, p := range plugins(t) {
		t.Run(p.Name, func(t *testing.T) {
			data, err := p.Deploy(DeployOptions{})
			require.NoError(t, err)
			first, _, _ := strings.Cut(string(data), "\n---\n")
			before, example, found := strings.Cut(first, "  # Example: ")
			require.True(t, found)
			_, config, _ := strings.Cut(example, "\n")
			text := before + strings.TrimPrefix(strings.ReplaceAll("\n"+config, "\n  # ", "\n  "), "\n")
			var resource struct {
				Spec map[string]any `json:"spec"`
			}
			require.NoError(t, yaml.Unmarshal([]byte(text), &resource), text)
			got, inDefault := resource.Spec["defaultConfig"]
			if !inDefault {
				got = resource.Spec["pluginConfig"]
			}
			want, err := json.Marshal(p.Examples[0].Config)
			require.NoError(t, err)
			have, err := json.Marshal(got)
			require.NoError(t, err)
			assert.JSONEq(t, string(want), string(have), text)
		})
	}
}
