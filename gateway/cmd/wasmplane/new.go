package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/scaffold"
)

func newNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Start a plugin that builds and passes its tests",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := scaffold.New(cmd.Context(), scaffold.Options{Dir: args[0], SDKVersion: version()}); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Made %s. Try it:\n\n  wasmplane run %s\n  wasmplane test %s\n", args[0], args[0], args[0])
			return nil
		},
	}
}
