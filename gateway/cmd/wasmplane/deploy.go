package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

func newDeployCommand() *cobra.Command {
	var folder, digests string
	var check bool
	var options catalog.DeployOptions
	cmd := &cobra.Command{
		Use:   "deploy [PLUGIN…]",
		Short: "Write WasmPlugin resources for plugins, from their plugin.yaml",
		Long: `Writes one file for each plugin, and a kustomization.yaml where all plugins of the checkout are written. Nothing is in
force until a configuration is added. Of files in the folder that were generated before, those without a plugin are
removed.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			var err error
			if options.Digests, err = readDigests(digests); err != nil {
				return err
			}
			return runDeploy(cmd, names, folder, check, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&folder, "output", "o", "", "folder to write to; default is deploy/ of the checkout")
	flags.StringVar(&options.Registry, "registry", catalog.DefaultRegistry, "where the images are; ends with a slash")
	flags.StringVar(&options.Version, "version", "", "the images' tag; default is each plugin's own version")
	flags.StringVar(&digests, "digests", "", "file with the images' digests, a JSON object or lines of \"PLUGIN sha256:…\"; they go into the URLs in place of the tag")
	flags.BoolVar(&check, "check", false, "write nothing, and fail if a file is not up to date")
	return cmd
}

func runDeploy(cmd *cobra.Command, names []string, folder string, check bool, options catalog.DeployOptions) error {
	all := len(names) == 0
	names, err := pluginNames(names)
	if err != nil {
		return err
	}
	if folder == "" {
		root := catalog.Checkout(".")
		if root == "" {
			return errors.New("--output: this folder is not in a wasmplane checkout, so name a folder")
		}
		folder = filepath.Join(root, "deploy")
	}
	var plugins []*catalog.Plugin
	for _, name := range names {
		p, err := catalog.Find(name)
		if err != nil {
			return err
		}
		plugins = append(plugins, p)
	}
	files, err := catalog.DeployFiles(plugins, options)
	if err != nil {
		return err
	}
	if !all {
		delete(files, "kustomization.yaml")
	}
	var stale []string
	if all {
		if stale, err = catalog.StaleDeployFiles(folder, files); err != nil {
			return err
		}
	}
	return writeDeploy(cmd, folder, files, stale, check)
}

func writeDeploy(cmd *cobra.Command, folder string, files map[string][]byte, stale []string, check bool) error {
	wrong := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		file := filepath.Join(folder, name)
		current, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if bytes.Equal(current, files[name]) {
			continue
		}
		wrong++
		if check {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: not up to date\n", file)
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: written\n", file)
	}
	for _, name := range stale {
		wrong++
		file := filepath.Join(folder, name)
		if check {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: there is no such plugin\n", file)
			continue
		}
		if err := os.Remove(file); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: removed\n", file)
	}
	if check && wrong > 0 {
		return errors.New("run wasmplane deploy")
	}
	return nil
}

// readDigests reads a file of digests by plugin; no file, no digests.
func readDigests(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	digests := map[string]string{}
	if strings.HasPrefix(strings.TrimSpace(string(data)), "{") {
		if err := json.Unmarshal(data, &digests); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return digests, nil
	}
	for i, line := range strings.Split(string(data), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 {
			return nil, fmt.Errorf("%s:%d: must be PLUGIN sha256:…", file, i+1)
		}
		digests[words[0]] = words[1]
	}
	return digests, nil
}
