// Package scaffold writes the first files of a new plugin.
package scaffold

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

//go:embed template
var templates embed.FS

// files maps each template to the file it becomes.
var files = map[string]string{
	"main.go.tmpl": "main.go", "config.go.tmpl": "config.go", "plugin_test.go.tmpl": "plugin_test.go",
	"plugin.yaml.tmpl": "plugin.yaml", "cases.yaml.tmpl": "cases.yaml", "README.md.tmpl": "README.md",
}

const sdkModule = "github.com/wasmplane/wasmplane/pkg"

// Versions of the modules that a plugin outside the checkout starts with. A test keeps them equal to pkg/go.mod's.
const (
	goVersion        = "1.24.1"
	bindingVersion   = "v0.0.0-20251103120604-77e9cce339d2"
	testHostVersion  = "v1.0.10-0.20260120033417-1c84f010156d"
	checksumlessHost = "github.com/higress-group/*" // the checksum database lacks some of its versions
)

var validName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// Options say where a plugin is made and which SDK it uses.
type Options struct {
	Dir string // the new folder; its last element is the plugin's name
	// SDKVersion is the version of the SDK where there is no checkout; a release's own version.
	SDKVersion string
}

// New writes a plugin that builds and passes its tests. Inside a checkout's extensions folder it joins that module;
// elsewhere it gets a go.mod of its own, with a replace to the SDK of the checkout that it, or the current folder, is in.
func New(ctx context.Context, o Options) error {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return err
	}
	name := filepath.Base(dir)
	if !validName.MatchString(name) {
		return fmt.Errorf("name: must be lower-case letters, digits and hyphens, not %q", name)
	}
	root := catalog.Checkout(dir)
	if root == "" {
		root = catalog.Checkout(".") // a plugin beside the checkout that this is run from
	}
	if root == "" && (o.SDKVersion == "" || o.SDKVersion == "(devel)") {
		return errors.New("a development build of wasmplane has no SDK to depend on: run it inside its checkout")
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is there already and not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := writeFiles(dir, name); err != nil {
		return err
	}
	if root != "" && filepath.Dir(dir) == filepath.Join(root, "extensions") {
		return nil
	}
	return writeModule(ctx, dir, name, root, o.SDKVersion)
}

func writeFiles(dir, name string) error {
	data := struct{ Name, Title string }{name, strings.ToUpper(name[:1]) + strings.ReplaceAll(name[1:], "-", " ")}
	for source, target := range files {
		t, err := template.ParseFS(templates, "template/"+source)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, data); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, target), out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeModule makes go.mod and go.sum.
func writeModule(ctx context.Context, dir, name, root, sdk string) error {
	mod := fmt.Sprintf("module %s\n\ngo %s\n\nrequire (\n\tgithub.com/higress-group/proxy-wasm-go-sdk %s\n\tgithub.com/higress-group/wasm-go %s\n)\n",
		name, goVersion, bindingVersion, testHostVersion)
	if root != "" {
		path, err := filepath.Rel(dir, filepath.Join(root, "pkg"))
		if err != nil {
			return err
		}
		mod += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", sdkModule, sdkModule, filepath.ToSlash(path))
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o644); err != nil {
		return err
	}
	if root == "" {
		if err := goCommand(ctx, dir, "get", sdkModule+"@"+sdk); err != nil {
			return err
		}
	}
	return goCommand(ctx, dir, "mod", "tidy")
}

func goCommand(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GONOSUMDB="+joinList(os.Getenv("GONOSUMDB"), checksumlessHost))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("go %s: %w", strings.Join(args, " "), err), errors.New(strings.TrimSpace(string(out))))
	}
	return nil
}

func joinList(list, item string) string {
	if list == "" {
		return item
	}
	return list + "," + item
}
