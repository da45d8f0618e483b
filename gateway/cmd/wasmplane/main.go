// Command wasmplane builds, runs, tests and measures gateway plugins.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRootCommand().ExecuteContext(ctx); err != nil {
		var quiet quietError
		if !errors.As(err, &quiet) {
			fmt.Fprintf(os.Stderr, "wasmplane: %v\n", err)
		}
		stop()
		os.Exit(1)
	}
}

// quietError ends the program with status 1 when everything was said already.
type quietError struct{}

func (quietError) Error() string { return "failed" }

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "wasmplane",
		Short: "Build, run, test and measure API-gateway plugins",
		Long: `wasmplane runs proxy-wasm plugins for Higress on a laptop: the same WasmPlugin manifests as in production, real
HTTP and Redis call-outs, no Docker.`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRunCommand(), newBuildCommand(), newTestCommand(), newNewCommand(), newBenchCommand(), newDocsCommand(), newEnvoyCommand(), newInspectCommand(), newImageCommand(), newValidateCommand(), newDeployCommand(), newConvertCommand(), newSBOMCommand(), newGeoCommand())
	return root
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// cacheDir is where compiled modules are kept between runs; "" (in memory only) where there is no such place.
func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "wasmplane", "modules")
}
