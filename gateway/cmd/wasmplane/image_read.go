package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/oci"
)

func newImagePullCommand() *cobra.Command {
	var insecure []string
	output := ""
	cmd := &cobra.Command{
		Use:   "pull IMAGE",
		Short: "Fetch the module of a plugin image",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			image, code, err := pullImage(cmd.Context(), cmd.ErrOrStderr(), args[0], insecure)
			if err != nil {
				return err
			}
			if output == "-" {
				_, err := cmd.OutOrStdout().Write(code)
				return err
			}
			if err := os.WriteFile(output, code, 0o644); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s from %s\n", output, megabytes(int64(len(code))), pulledFrom(image))
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "plugin.wasm", "`FILE` to write, - for standard output")
	registerInsecure(cmd, &insecure)
	return cmd
}

// pulledFrom names an image with its digest.
func pulledFrom(image *oci.Image) string {
	switch {
	case strings.HasSuffix(image.Reference, "@"+image.Digest):
		return image.Reference
	case strings.Contains(image.Reference, "@"): // that of an index
		return fmt.Sprintf("%s (%s)", image.Reference, image.Digest)
	default:
		return image.Reference + "@" + image.Digest
	}
}

func pullImage(ctx context.Context, log io.Writer, reference string, insecure []string) (*oci.Image, []byte, error) {
	client := &oci.Client{Insecure: insecure}
	bar := newTransferBar(log, "pulling "+reference)
	defer bar.end()
	return client.Pull(ctx, reference, nil, bar.update)
}

func newImageInspectCommand() *cobra.Command {
	var insecure []string
	cmd := &cobra.Command{
		Use:   "inspect IMAGE",
		Short: "Show an image's digest, layers and annotations (wasmplane inspect shows the module in it)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client := &oci.Client{Insecure: insecure}
			image, err := client.Inspect(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			printImage(cmd.OutOrStdout(), image)
			return nil
		},
	}
	registerInsecure(cmd, &insecure)
	return cmd
}

func printImage(w io.Writer, image *oci.Image) {
	fmt.Fprintf(w, "%s\ndigest: %s\n", image.Reference, image.Digest)
	if image.IndexDigest != "" {
		fmt.Fprintf(w, "chosen from the index %s\n", image.IndexDigest)
	}
	fmt.Fprintf(w, "media type: %s\nconfiguration: %s\n\nlayers\n", image.Manifest.MediaType, image.Manifest.Config.MediaType)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, layer := range image.Manifest.Layers {
		fmt.Fprintf(table, "  %s\t%s\t%d\t%s\n", layer.Digest, layer.MediaType, layer.Size, layer.Annotations[oci.AnnotationTitle])
	}
	table.Flush()
	title, described := "annotations", image.Manifest.Annotations
	if len(described) == 0 {
		title, described = "labels", image.Labels
	}
	if len(described) == 0 {
		return
	}
	fmt.Fprintln(w, "\n"+title)
	for _, key := range slices.Sorted(maps.Keys(described)) {
		fmt.Fprintf(table, "  %s\t%s\n", key, described[key])
	}
	table.Flush()
}

// namesImage reports whether an argument that may be a file is an image: it says so, or there is no such file and it has
// a registry in front.
func namesImage(argument string) bool {
	if strings.Contains(argument, "://") {
		return true
	}
	if _, err := os.Stat(argument); err == nil {
		return false
	}
	host, _, ok := strings.Cut(argument, "/")
	return ok && host != "." && host != ".." && (strings.ContainsAny(host, ".:") || host == "localhost") && oci.Check(argument) == nil
}
