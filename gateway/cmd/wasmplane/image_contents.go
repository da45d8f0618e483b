package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/module"
	"github.com/wasmplane/wasmplane/gateway/oci"
)

// projectSource is where the plugins of a checkout come from.
const (
	projectSource   = "https://github.com/wasmplane/wasmplane"
	projectLicenses = "Apache-2.0"
)

// pack makes a plugin's image.
func (f *imageFlags) pack(cmd *cobra.Command, p *catalog.Plugin) (v1.Image, error) {
	format, err := oci.ParseFormat(f.format)
	if err != nil {
		return nil, fmt.Errorf("--format: %w", err)
	}
	file, err := f.module(cmd, p)
	if err != nil {
		return nil, err
	}
	contents, err := f.contents(cmd, p, file, format)
	if err != nil {
		return nil, err
	}
	return oci.Build(*contents, format)
}

func (f *imageFlags) contents(cmd *cobra.Command, p *catalog.Plugin, file string, format oci.Format) (*oci.Contents, error) {
	code, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: build the plugin first", relative(file))
	}
	if err != nil {
		return nil, err
	}
	c := &oci.Contents{Module: code}
	if c.Annotations, err = f.describe(cmd, p); err != nil {
		return nil, err
	}
	if c.Created, err = sourceDate(); err != nil {
		return nil, err
	}
	switch format {
	case oci.FormatArtifact:
		c.RuntimeConfig, err = runtimeConfig(code)
	case oci.FormatHigress:
		err = higressContents(c, p, f.versionOf(p))
	}
	return c, err
}

// describe returns the image's annotations.
func (f *imageFlags) describe(cmd *cobra.Command, p *catalog.Plugin) (map[string]string, error) {
	all := map[string]string{oci.AnnotationTitle: p.Name, oci.AnnotationVersion: f.versionOf(p), oci.AnnotationSummary: p.Description}
	if root := catalog.Checkout(p.Dir); root != "" {
		all[oci.AnnotationSource], all[oci.AnnotationLicenses] = projectSource, projectLicenses
	}
	all[oci.AnnotationRevision] = revision(cmd, p.Dir)
	for _, item := range f.annotations {
		key, value, ok := strings.Cut(item, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--annotation: must be KEY=VALUE, not %q", item)
		}
		all[key] = value
	}
	for key, value := range all {
		if value == "" {
			delete(all, key)
		}
	}
	return all, nil
}

// revision is the commit that a folder is at, with -dirty if tracked files differ from it; "" without git.
func revision(cmd *cobra.Command, dir string) string {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(cmd.Context(), "git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return ""
	}
	if changes, err := git("status", "--porcelain", "--untracked-files=no"); err != nil || changes != "" {
		commit += "-dirty"
	}
	return commit
}

// sourceDate is the date that $SOURCE_DATE_EPOCH asks builds to have (reproducible-builds.org), zero without it.
func sourceDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: must be seconds since 1970, not %q", text)
	}
	return time.Unix(seconds, 0), nil
}

// runtimeConfig is the configuration layer of the artifact variant: for what the module is made.
func runtimeConfig(code []byte) ([]byte, error) {
	m, err := module.Parse(code)
	if err != nil {
		return nil, err
	}
	versions := []string{}
	for _, e := range m.Exports {
		if version, ok := strings.CutPrefix(e.Name, "proxy_abi_version_"); ok {
			versions = append(versions, "v"+strings.ReplaceAll(version, "_", "-"))
		}
	}
	return json.Marshal(map[string]any{"type": "envoy_proxy", "abiVersions": versions, "config": map[string]any{}})
}

// higressContents adds the files of the Higress format.
func higressContents(c *oci.Contents, p *catalog.Plugin, version string) (err error) {
	if c.Spec, err = higressSpec(p, version); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(p.Dir, "README*.md"))
	if err != nil {
		return err
	}
	c.Readmes = map[string][]byte{}
	for _, file := range files {
		if c.Readmes[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			return err
		}
	}
	c.Icon, err = os.ReadFile(filepath.Join(p.Dir, "icon.png"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
