package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/toolchain"
)

func newBuildCommand() *cobra.Command {
	var tags []string
	optimize := false
	cmd := &cobra.Command{
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
				progress := ""
				if len(names) > 1 {
					progress = fmt.Sprintf("[%d/%d] ", i+1, len(names))
				}
				p.BuildTags = withTags(p.BuildTags, tags)
				r, err := toolchain.Build(cmd.Context(), p)
				if err != nil {
					return fmt.Errorf("%s%w", progress, err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s%s: %s, %.1f s, %s\n", progress, p.Name, megabytes(r.Size), r.Took.Seconds(), r.Wasm)
				if r.Envoy != nil {
					fmt.Fprintf(cmd.OutOrStdout(), "%s%s for Envoy: %s, %s\n", progress, p.Name, megabytes(r.Envoy.Size), r.Envoy.Wasm)
				}
				if optimize {
					if err := runOptimizer(cmd, progress+p.Name, r); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&tags, "tags", nil, "build `TAGS` besides those of plugin.yaml, separated by commas or spaces")
	cmd.Flags().BoolVar(&optimize, "opt", false, "run binaryen's wasm-opt on the modules, if it is on PATH")
	return cmd
}

// withTags adds build tags that are not there yet.
func withTags(tags, more []string) []string {
	tags = slices.Clone(tags)
	for _, item := range more {
		for _, tag := range strings.Fields(item) {
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

func runOptimizer(cmd *cobra.Command, label string, r *toolchain.Result) error {
	outputs := []toolchain.Output{r.Output}
	if r.Envoy != nil {
		outputs = append(outputs, *r.Envoy)
	}
	for _, o := range outputs {
		size, err := toolchain.Optimize(cmd.Context(), o.Wasm)
		if errors.Is(err, toolchain.ErrNoOptimizer) {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: not optimized: %v\n", label, err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", label, err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: wasm-opt: %s to %s (%+.1f %%), %s\n", label, megabytes(o.Size), megabytes(size), 100*float64(size-o.Size)/float64(o.Size), o.Wasm)
	}
	return nil
}

func megabytes(n int64) string { return fmt.Sprintf("%.2f MB", float64(n)/1e6) }
