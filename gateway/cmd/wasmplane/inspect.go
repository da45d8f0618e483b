package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/module"
)

func newInspectCommand() *cobra.Command {
	var packages int
	var insecure []string
	cmd := &cobra.Command{
		Use:   "inspect FILE|IMAGE",
		Short: "Say what a module is, what it weighs and where it runs",
		Long: `Say what a module is, what it weighs and where it runs. The module is a file, or in an image of a registry
(registry.example.com/key-auth:1.0.0, oci://…).`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			code, err := readModule(cmd, args[0], insecure)
			if err != nil {
				return err
			}
			m, err := module.Parse(code)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return inspect(cmd.OutOrStdout(), args[0], len(code), m, packages)
		},
	}
	cmd.Flags().IntVar(&packages, "packages", 15, "how many Go packages to list, the largest first")
	registerInsecure(cmd, &insecure)
	return cmd
}

// readModule reads a file, or the module of an image.
func readModule(cmd *cobra.Command, name string, insecure []string) ([]byte, error) {
	if !namesImage(name) {
		return os.ReadFile(name)
	}
	_, code, err := pullImage(cmd.Context(), cmd.ErrOrStderr(), name, insecure)
	return code, err
}

func inspect(w io.Writer, file string, size int, m *module.Module, packages int) error {
	meta, linked, err := m.ReadMetadata()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Fprintf(w, "%s: %s\n", file, megabytes(int64(size)))
	if linked {
		fmt.Fprintf(w, "plugin %s %s", meta.Name, meta.Version)
		if meta.SDKVersion != "" {
			fmt.Fprintf(w, ", SDK %s", meta.SDKVersion)
		}
		fmt.Fprintf(w, "\nphases: %s\n", phasesOf(m, meta.Phases))
		fmt.Fprintf(w, "requires: %s\n", orNone(meta.Requires))
	} else {
		fmt.Fprintln(w, "not linked by wasmplane build")
	}
	fmt.Fprintf(w, "callbacks: %s\n", orNone(m.Callbacks()))

	fmt.Fprintln(w, "\nruns on")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range m.Hosts() {
		answer := "yes"
		if !v.Runs {
			answer = "no: " + strings.Join(v.Reasons, "; ")
		} else if v.Option != "" {
			answer = "yes, with " + v.Option
		}
		if v.Runs && len(v.Ignores) > 0 {
			answer += "; it ignores " + strings.Join(v.Ignores, ", ")
		}
		fmt.Fprintf(table, "  %s\t%s\n", v.Host, answer)
	}
	table.Flush()

	fmt.Fprintln(w, "\nbytes by section")
	table = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, s := range m.Sections() {
		fmt.Fprintf(table, "%d\t  %s\n", s.Bytes, s.Name)
	}
	table.Flush()
	list := m.GoPackages()
	if len(list) > 0 {
		fmt.Fprintln(w, "\ncode by Go package")
	}
	for _, p := range list[:min(packages, len(list))] {
		fmt.Fprintf(table, "%d\t  %s\n", p.Bytes, p.Package)
	}
	table.Flush()

	fmt.Fprintln(w, "\nimports")
	for _, i := range m.Imports {
		fmt.Fprintf(w, "  %s.%s\n", i.Module, i.Name)
	}
	return nil
}

// phasesOf lists the phases that a module says it takes part in. Those of other SDKs export every callback and say nothing.
func phasesOf(m *module.Module, told []string) string {
	streams := slices.ContainsFunc(m.Callbacks(), func(name string) bool {
		return strings.HasPrefix(name, "proxy_on_request_") || strings.HasPrefix(name, "proxy_on_response_")
	})
	if len(told) == 0 && streams {
		return "unknown: it exports callbacks for streams, and does not tell which of them do anything"
	}
	return orNone(told)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
