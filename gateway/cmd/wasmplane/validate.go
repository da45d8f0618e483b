package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/crd"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/validate"
)

type validateOptions struct {
	namespace, plugins string
	crds               []string
	schemaOnly         bool
}

func newValidateCommand() *cobra.Command {
	var options validateOptions
	cmd := &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check resources as the cluster and the plugins will, before they are applied",
		Long: `Checks files, folders and, as "-", standard input. WasmPlugin, McpBridge and Http2Rpc resources are checked against
their CRDs; of a WasmPlugin also what Higress makes of it, and its configuration: against the JSON schema of the plugin,
and by the plugin itself if it is compiled. Ends with status 1 if anything is wrong. Notes do not count.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			return runValidate(cmd.Context(), cmd, files, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.namespace, "namespace", manifest.DefaultNamespace, "the namespace that Higress is installed in")
	flags.StringVar(&options.plugins, "plugins", "", "folder with a folder for each known plugin; default is extensions/ of the checkout")
	flags.StringSliceVar(&options.crds, "crd", nil, "file with further CustomResourceDefinitions, whose resources are checked, too")
	flags.BoolVar(&options.schemaOnly, "schema-only", false, "do not ask compiled plugins")
	return cmd
}

func runValidate(ctx context.Context, cmd *cobra.Command, files []string, options validateOptions) error {
	crds, err := crd.Higress()
	if err != nil {
		return err
	}
	for _, file := range options.crds {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := crds.Add(file, data); err != nil {
			return err
		}
	}
	known, err := knownPlugins(options.plugins)
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "wasmplane: %v\n", err)
	}
	setup := validate.Options{CRDs: crds, Plugins: known, Namespace: options.namespace}
	if !options.schemaOnly {
		parser := validate.NewParser(cacheDir())
		defer func() { _ = parser.Close(context.WithoutCancel(ctx)) }()
		setup.Load = parser.Load
	}
	validator := validate.New(setup)
	sources, problems := readSources(files, cmd.InOrStdin())
	for _, source := range sources {
		problems = append(problems, validator.Check(ctx, source.Name, source.Data)...)
	}
	if validator.Checked() == 0 && len(problems.Fatal()) == 0 {
		problems = append(problems, manifest.Problem{Message: "there is nothing to validate: no resource is in " + strings.Join(files, ", ")})
	}
	return report(cmd, validator.Checked(), problems)
}

// readSources reads files and folders, and the stream where a name is "-".
func readSources(names []string, stdin io.Reader) ([]manifest.File, manifest.Problems) {
	var out []manifest.File
	var problems manifest.Problems
	for _, name := range names {
		if name == "-" {
			data, err := io.ReadAll(stdin)
			if err != nil {
				problems = append(problems, manifest.Problem{File: "<stdin>", Message: err.Error()})
			}
			out = append(out, manifest.File{Name: "<stdin>", Data: data})
			continue
		}
		found, more := manifest.Read([]string{name})
		out, problems = append(out, found...), append(problems, more...)
	}
	return out, problems
}

func report(cmd *cobra.Command, checked int, problems manifest.Problems) error {
	for _, p := range problems {
		if p.Warning {
			p.Message = "note: " + p.Message
		}
		fmt.Fprintln(cmd.OutOrStdout(), p.Error())
	}
	wrong := len(problems.Fatal())
	fmt.Fprintf(cmd.ErrOrStderr(), "checked %s: %s\n", counted(checked, "resource"), counted(wrong, "problem"))
	if wrong > 0 {
		return quietError{}
	}
	return nil
}

func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// knownPlugins loads the plugins in a folder, or those of the checkout that the current folder or this program is in. A
// plugin.yaml that cannot be read is an error and does not hide the others.
func knownPlugins(folder string) (map[string]*catalog.Plugin, error) {
	if folder == "" {
		root := catalog.Checkout(".")
		if program, err := os.Executable(); root == "" && err == nil {
			root = catalog.Checkout(filepath.Dir(program))
		}
		if root == "" {
			return nil, nil
		}
		folder = filepath.Join(root, "extensions")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "plugin.yaml"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no folder in it has a plugin.yaml", folder)
	}
	failures := []error{err}
	out := map[string]*catalog.Plugin{}
	for _, file := range files {
		p, err := catalog.Load(filepath.Dir(file))
		if err != nil {
			failures = append(failures, err)
			continue
		}
		out[p.Name] = p
	}
	return out, errors.Join(failures...)
}
