package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

func newBuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "build [PLUGIN…]",
		Short: "Compile plugins to plugin.wasm",
		Long: `Compile plugins to plugin.wasm in their folders, with the local Go toolchain. A PLUGIN is a folder with a plugin.yaml or
the name of a plugin of this checkout; without any, the plugin in the current folder. A plugin that uses Redis is compiled
to plugin.envoy.wasm as well, for stock Envoy and Istio.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = []string{""}
			}
			for i, name := range names {
				p, err := catalog.Find(name)
				if err != nil {
					return err
				}
				r, err := toolchain.Build(cmd.Context(), p)
				if err != nil {
					return err
				}
				progress := ""
				if len(names) > 1 {
					progress = fmt.Sprintf("[%d/%d] ", i+1, len(names))
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s%s: %s, %.1f s, %s\n", progress, p.Name, megabytes(r.Size), r.Took.Seconds(), r.Wasm)
				if r.Envoy != nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s%s for Envoy: %s, %s\n", progress, p.Name, megabytes(r.Envoy.Size), r.Envoy.Wasm)
				}
			}
			return nil
		},
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
