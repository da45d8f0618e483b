package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/oci"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

func newImageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "image",
		Short: "Pack plugins as container images, push and pull them, without Docker",
	}
	cmd.AddCommand(newImageBuildCommand(), newImagePushCommand(), newImagePullCommand(), newImageInspectCommand())
	return cmd
}

// imageFlags say what goes into an image and what it is called.
type imageFlags struct {
	format      string
	image       string
	registry    string
	version     string
	tags        []string
	annotations []string
	envoy       bool
	noBuild     bool
}

func (f *imageFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", string(oci.FormatImage), "layout of the image: image (one layer with plugin.wasm), docker (the same for Docker), artifact (the raw module) or higress (with spec.yaml and README.md)")
	flags.StringVar(&f.image, "image", "", "complete `REFERENCE` of the image, instead of --registry and --plugin-version")
	flags.StringVar(&f.registry, "registry", "", "`PREFIX` of the image, ending with /: PREFIX + plugin name + : + version")
	flags.StringVar(&f.version, "plugin-version", "", "version of the image; empty means that of plugin.yaml")
	flags.StringArrayVar(&f.tags, "tag", nil, "a further `TAG` of the image, such as latest; may be repeated")
	flags.StringArrayVar(&f.annotations, "annotation", nil, "`KEY=VALUE` to add to the image, or with an empty VALUE to leave out; may be repeated")
	flags.BoolVar(&f.envoy, "envoy", false, "pack plugin.envoy.wasm, the module of a plugin with Redis for stock Envoy and Istio; the version gets the suffix -envoy")
	flags.BoolVar(&f.noBuild, "no-build", false, "take plugin.wasm as it is instead of compiling the plugin")
}

// plugins finds what the command line names, and refuses names that several images cannot share.
func (f *imageFlags) plugins(names []string) ([]*catalog.Plugin, error) {
	if len(names) == 0 {
		names = []string{""}
	}
	if f.image != "" && len(names) > 1 {
		return nil, errors.New("--image: names one image, and there are several plugins; use --registry")
	}
	if f.image != "" && (f.registry != "" || f.version != "") {
		return nil, errors.New("--image: is the complete reference, so give no --registry and --plugin-version")
	}
	if f.registry != "" && !strings.HasSuffix(f.registry, "/") {
		return nil, fmt.Errorf("--registry: must end with /, as in %s/", f.registry)
	}
	var plugins []*catalog.Plugin
	for _, name := range names {
		p, err := catalog.Find(name)
		if err != nil {
			return nil, err
		}
		plugins = append(plugins, p)
	}
	return plugins, nil
}

// references are the names of a plugin's image, the most precise first.
func (f *imageFlags) references(p *catalog.Plugin) []string {
	first := f.image
	if first == "" {
		first = f.registry + p.Name + ":" + f.versionOf(p)
	}
	references := []string{first}
	repository := first
	if colon := strings.LastIndexByte(first, ':'); colon > strings.LastIndexByte(first, '/') {
		repository = first[:colon]
	}
	for _, tag := range f.tags {
		references = append(references, repository+":"+tag)
	}
	return references
}

func (f *imageFlags) versionOf(p *catalog.Plugin) string {
	version := f.version
	if version == "" {
		version = p.Version
	}
	if f.envoy {
		version += "-envoy"
	}
	return version
}

// module compiles the plugin, unless told otherwise, and returns the file to pack.
func (f *imageFlags) module(cmd *cobra.Command, p *catalog.Plugin) (string, error) {
	if !f.noBuild {
		built, err := toolchain.Build(cmd.Context(), p)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: built, %s in %.1f s\n", p.Name, megabytes(built.Size), built.Took.Seconds())
	}
	if !f.envoy {
		return p.Wasm(), nil
	}
	file := filepath.Join(p.Dir, "plugin.envoy.wasm")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s has no module of its own for Envoy: plugin.wasm runs there", p.Name)
	}
	return file, nil
}

func newImageBuildCommand() *cobra.Command {
	f, output := &imageFlags{}, ""
	cmd := &cobra.Command{
		Use:   "build [PLUGIN…]",
		Short: "Compile plugins and pack each as an image on disk",
		Long: `Compile plugins and pack each as an image on disk: build/NAME.oci, a folder in the OCI image layout that skopeo, crane and
oras read, or with --format docker build/NAME.tar for docker load. The same sources make the same digest.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			plugins, err := f.plugins(names)
			if err != nil {
				return err
			}
			if output != "" && len(plugins) > 1 {
				return errors.New("--output: names one image, and there are several plugins")
			}
			for _, p := range plugins {
				if err := f.save(cmd, p, output); err != nil {
					return fmt.Errorf("%s: %w", p.Name, err)
				}
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "`PATH` to write to: a file for docker load if it ends with .tar, else a folder")
	return cmd
}

func (f *imageFlags) save(cmd *cobra.Command, p *catalog.Plugin, path string) error {
	img, err := f.pack(cmd, p)
	if err != nil {
		return err
	}
	if path == "" {
		path = filepath.Join(toolchain.Folder(p), p.Name+".oci")
		if f.format == string(oci.FormatDocker) {
			path = strings.TrimSuffix(path, ".oci") + ".tar"
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	references := f.references(p)
	if err := oci.Save(img, path, references...); err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", p.Name, relative(path))
	for _, reference := range references {
		fmt.Fprintf(cmd.OutOrStdout(), "  %s@%s\n", reference, digest)
	}
	return nil
}

func newImagePushCommand() *cobra.Command {
	f := &imageFlags{}
	var insecure []string
	cmd := &cobra.Command{
		Use:   "push [PLUGIN…]",
		Short: "Compile plugins, pack each as an image and push it to a registry",
		Long: `Compile plugins, pack each as an image and push it. Logins are those of docker login (credential helpers, too) and podman
login. Plain HTTP is for registries on this machine, and for those named with --insecure-registry; logins are never sent
that way. Pushing the same again transfers nothing.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			if f.image == "" && f.registry == "" {
				return errors.New("--registry or --image must say where to push to")
			}
			plugins, err := f.plugins(names)
			if err != nil {
				return err
			}
			client := &oci.Client{Insecure: insecure}
			for i, p := range plugins {
				progress := ""
				if len(plugins) > 1 {
					progress = fmt.Sprintf("[%d/%d] ", i+1, len(plugins))
				}
				if err := f.push(cmd, client, p, progress); err != nil {
					return fmt.Errorf("%s: %w", p.Name, err)
				}
			}
			return nil
		},
	}
	f.register(cmd)
	registerInsecure(cmd, &insecure)
	return cmd
}

func registerInsecure(cmd *cobra.Command, insecure *[]string) {
	cmd.Flags().StringArrayVar(insecure, "insecure-registry", nil, "`HOST[:PORT]` of a registry that may be spoken to over plain HTTP, without logins; may be repeated")
}

func (f *imageFlags) push(cmd *cobra.Command, client *oci.Client, p *catalog.Plugin, progress string) error {
	img, err := f.pack(cmd, p)
	if err != nil {
		return err
	}
	bar := newTransferBar(cmd.ErrOrStderr(), progress+p.Name+": pushing")
	done, err := client.Push(cmd.Context(), img, f.references(p), bar.update)
	bar.end()
	for _, d := range done {
		outcome := "pushed"
		switch d.Former {
		case "":
		case d.Digest:
			outcome = "unchanged"
		default:
			outcome = "pushed, was " + d.Former
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s%s: %s %s\n", progress, p.Name, d.Reference, outcome)
	}
	if len(done) > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "  %s\n", done[0].Pinned())
	}
	return err
}
