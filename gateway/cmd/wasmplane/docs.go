package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

func newDocsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "docs [PLUGIN…]",
		Short: "Generate the configuration part of plugins' READMEs, and the checkout's table of plugins, from their plugin.yaml",
		RunE: func(cmd *cobra.Command, names []string) error {
			if root := catalog.Checkout("."); root != "" && len(names) == 0 {
				if err := writeOverview(cmd, root); err != nil {
					return err
				}
			}
			names, err := pluginNames(names)
			if err != nil {
				return err
			}
			for _, name := range names {
				p, err := catalog.Find(name)
				if err != nil {
					return err
				}
				current, generated, err := p.Readme()
				if err != nil {
					return fmt.Errorf("%s: %w", p.Name, err)
				}
				if bytes.Equal(current, generated) {
					continue
				}
				if err := os.WriteFile(filepath.Join(p.Dir, "README.md"), generated, 0o644); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: README.md updated\n", p.Name)
			}
			return nil
		},
	}
}

func writeOverview(cmd *cobra.Command, root string) error {
	current, generated, err := catalog.Overview(root)
	if err != nil || bytes.Equal(current, generated) {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "README.md updated")
	return os.WriteFile(filepath.Join(root, "README.md"), generated, 0o644)
}

// pluginNames returns the named plugins, or without names all of the checkout, or the one in the current folder.
func pluginNames(names []string) ([]string, error) {
	if len(names) > 0 {
		return names, nil
	}
	if _, err := os.Stat("plugin.yaml"); err == nil {
		return []string{"."}, nil
	}
	root := catalog.Checkout(".")
	if root == "" {
		return nil, fmt.Errorf("name a plugin: this folder holds none and is not in a wasmplane checkout")
	}
	return catalog.Names(root), nil
}
