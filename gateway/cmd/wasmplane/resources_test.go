package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wasmplane runs the command line and returns what it wrote.
func wasmplane(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := newRootCommand()
	var out, errs bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), errs.String(), err
}

// pluginFolder holds one plugin, "guard".
func pluginFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "guard", "plugin.yaml"), `
name: guard
title: Guard
version: 1.2.0
description: Guards.
phase: AUTHN
failStrategy: FAIL_CLOSE
config: {type: object, required: [keys], properties: {keys: {type: array}}}
examples: [{name: e, config: {keys: [a]}}]
`)
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

const guardResource = `apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: guard, namespace: higress-system}
spec:
  url: oci://r.example.com/guard:1.2.0
  defaultConfig: {keys: [a]}
`

func TestValidateCommand(t *testing.T) {
	plugins := pluginFolder(t)
	file := filepath.Join(t.TempDir(), "guard.yaml")
	write(t, file, strings.Replace(guardResource, "[a]", "a", 1)+"---\n"+strings.Replace(guardResource, "name: guard", "name: other", 1))

	out, errs, err := wasmplane(t, "", "validate", file, "--plugins", plugins)
	assert.ErrorIs(t, err, quietError{}, "status 1")
	assert.Equal(t, file+":6: WasmPlugin higress-system/guard: spec.defaultConfig.keys: got string, want array\n", out)
	assert.Equal(t, "checked 2 resources: 1 problem\n", errs)

	out, errs, err = wasmplane(t, guardResource, "validate", "-", "--plugins", plugins, "--namespace", "elsewhere")
	assert.NoError(t, err, "notes do not count")
	assert.Contains(t, out, "<stdin>:3: WasmPlugin higress-system/guard: metadata.namespace: note: ")
	assert.Equal(t, "checked 1 resource: 0 problems\n", errs)

	_, _, err = wasmplane(t, "", "validate", filepath.Join(t.TempDir(), "absent.yaml"))
	assert.ErrorIs(t, err, quietError{})
	_, _, err = wasmplane(t, "", "validate")
	assert.Error(t, err, "no file")
	empty := t.TempDir()
	for stdin, name := range map[string]string{"": "-", "# a comment\n---\n": "-", "unused": empty} {
		out, errs, err = wasmplane(t, stdin, "validate", name)
		assert.ErrorIs(t, err, quietError{}, name)
		assert.Equal(t, "there is nothing to validate: no resource is in "+name+"\n", out)
		assert.Equal(t, "checked 0 resources: 1 problem\n", errs)
	}
}

func TestValidateCommandWithFurtherDefinitions(t *testing.T) {
	definition := filepath.Join(t.TempDir(), "crd.yaml")
	write(t, definition, `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gates.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Gate, plural: gates}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {min: {type: integer}, max: {type: integer}}
            x-kubernetes-validations: [{rule: self.min <= self.max, message: min is above max}]
`)
	gate := "apiVersion: example.org/v1\nkind: Gate\nmetadata: {name: g}\nspec: {min: 2, max: 1}\n"
	out, _, err := wasmplane(t, gate, "validate", "-", "--crd", definition)
	assert.ErrorIs(t, err, quietError{})
	assert.Contains(t, out, "<stdin>:4: Gate g: spec: Invalid value")
	assert.Contains(t, out, "min is above max")

	out, _, err = wasmplane(t, gate, "validate", "-")
	assert.NoError(t, err)
	assert.Contains(t, out, "<stdin>:2: Gate g: kind: note: not checked")
}

func TestConvertCommand(t *testing.T) {
	plugins := pluginFolder(t)
	out, errs, err := wasmplane(t, guardResource, "convert", "-", "--to", "istio", "--target", "Gateway/g", "--plugins", plugins)
	require.NoError(t, err)
	assert.Empty(t, errs)
	assert.True(t, strings.HasPrefix(out, "apiVersion: extensions.istio.io/v1alpha1\n"), out)

	ruled := guardResource + "  matchRules: [{ingress: [orders], config: {keys: [b]}}]\n"
	out, errs, err = wasmplane(t, ruled, "convert", "-", "--to", "envoy-gateway", "--target", "Gateway/g", "--plugins", plugins)
	assert.EqualError(t, err, "nothing was converted: 1 problem", "status 1")
	assert.Empty(t, out)
	assert.Contains(t, errs, `<stdin>:7: WasmPlugin higress-system/guard: spec.matchRules[0].ingress: "orders" is the name in Higress`)

	out, _, err = wasmplane(t, ruled, "convert", "-", "--to", "envoy-gateway", "--target", "Gateway/g", "--plugins", plugins, "--route", "orders=httproute/a/b/rule/0/match/0/*")
	require.NoError(t, err)
	assert.Contains(t, out, "httproute/a/b/rule/0/match/0/*")

	strange := strings.Replace(guardResource, "/guard:", "/lock:", 1)
	out, errs, err = wasmplane(t, strange, "convert", "-", "--to", "istio", "--plugins", plugins)
	assert.EqualError(t, err, "nothing was converted: 1 problem")
	assert.Empty(t, out)
	assert.Contains(t, errs, `there is no plugin "lock" here (if it is guard under another name, say so by pluginName: guard)`)
	out, errs, err = wasmplane(t, strange, "convert", "-", "--to", "istio", "--plugins", plugins, "--allow-unknown")
	require.NoError(t, err)
	assert.Contains(t, out, "  url: oci://r.example.com/lock:1.2.0\n")
	assert.Contains(t, errs, `note: there is no plugin "lock" here`)
	digest := strings.Repeat("0a", 32)
	out, _, err = wasmplane(t, guardResource, "convert", "-", "--to", "istio", "--plugins", plugins, "--url", "oci://r/guard:2", "--sha256", digest)
	require.NoError(t, err)
	assert.Contains(t, out, "  sha256: "+digest+"\n")

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--to", "nginx"}, `--to: must be istio or envoy-gateway, not "nginx"`},
		{[]string{"--to", "istio", "--target", "g"}, `--target: must be KIND/NAME, not "g"`},
		{[]string{"--to", "istio", "--route", "g"}, `--route: must be OLD=NEW, not "g"`},
		{[]string{"--to", "istio", "--service", "g"}, `--service: must be OLD=NEW, not "g"`},
		{nil, `required flag(s) "to" not set`},
	} {
		_, _, err := wasmplane(t, guardResource, append([]string{"convert", "-"}, c.args...)...)
		assert.EqualError(t, err, c.want)
	}
}

func TestDeployCommand(t *testing.T) {
	plugin, folder := filepath.Join(pluginFolder(t), "guard"), t.TempDir()
	digest := "sha256:" + strings.Repeat("0a", 32)
	lines, object := filepath.Join(t.TempDir(), "lines"), filepath.Join(t.TempDir(), "object")
	write(t, lines, "guard "+digest+"\n\n")
	write(t, object, `{"guard": "`+digest+`"}`)
	deploy := func(args ...string) (string, error) {
		out, _, err := wasmplane(t, "", append([]string{"deploy", plugin, "-o", folder}, args...)...)
		return out, err
	}
	file := filepath.Join(folder, "guard.yaml")

	out, err := deploy("--check")
	assert.EqualError(t, err, "run wasmplane deploy")
	assert.Equal(t, file+": not up to date\n", out)
	assert.NoFileExists(t, file)

	for _, c := range []struct {
		args []string
		url  string
	}{
		{nil, "oci://ghcr.io/wasmplane/plugins/guard:1.2.0"},
		{[]string{"--registry", "r.example.com/x/", "--version", "2.0.0"}, "oci://r.example.com/x/guard:2.0.0"},
		{[]string{"--digests", lines}, "oci://ghcr.io/wasmplane/plugins/guard@" + digest},
	} {
		out, err = deploy(c.args...)
		require.NoError(t, err)
		assert.Equal(t, file+": written\n", out)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(data), "\n  url: "+c.url+"\n")
	}
	out, err = deploy("--digests", object, "--check")
	assert.NoError(t, err, "both forms of digests are the same")
	assert.Empty(t, out)
	assert.NoFileExists(t, filepath.Join(folder, "kustomization.yaml"), "that is for all plugins")

	bad := filepath.Join(t.TempDir(), "bad")
	write(t, bad, "guard\n")
	_, err = deploy("--digests", bad)
	assert.EqualError(t, err, bad+":1: must be PLUGIN sha256:…")
}
