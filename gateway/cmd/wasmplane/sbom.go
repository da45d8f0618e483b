package main

import (
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/sbom"
)

func newSBOMCommand() *cobra.Command {
	var version string
	var envoy bool
	cmd := &cobra.Command{
		Use:   "sbom PLUGIN",
		Short: "Write the bill of materials of a plugin: the Go modules that are linked into it (CycloneDX JSON)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := catalog.Find(args[0])
			if err != nil {
				return err
			}
			if version == "" {
				version = p.Version
			}
			tags := p.BuildTags
			if envoy {
				tags = append(slices.Clone(tags), "envoy")
			}
			document, err := sbom.Generate(cmd.Context(), sbom.Plugin{Name: p.Name, Version: version, Dir: p.Dir, Tags: tags})
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(document)
		},
	}
	cmd.Flags().BoolVar(&envoy, "envoy", false, "of plugin.envoy.wasm, the module of a plugin with Redis for stock Envoy and Istio")
	cmd.Flags().StringVar(&version, "plugin-version", "", "version of the plugin; empty means that of plugin.yaml")
	return cmd
}
