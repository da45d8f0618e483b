package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/geo"
)

func TestGeoConvert(t *testing.T) {
	folder := t.TempDir()
	write := func(name, data string) string {
		file := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file, []byte(data), 0o600))
		return file
	}
	own := write("own.txt", "1.0.0.0/25|Testland|||office\n")
	countries := write("geoip", "# License: CC BY-SA 4.0\n16777216,16777471,AU\n16777472,16777473,??\n")
	broken := write("broken.txt", "1.0.0.0/33|a|b|c|d\n")
	out := filepath.Join(folder, "out")

	tests := []struct {
		name string
		args []string
		want string // standard output
		err  string
	}{
		{"rows", []string{countries, "--to", "rows"}, "1.0.0.0/24|AU|||\n", ""},
		{"text", []string{countries, "--to", "text"}, "1.0.0.0|1.0.0.255|AU|0|0|0|0\n", ""},
		{"several files", []string{countries, own, "--to", "rows"}, "1.0.0.0/25|Testland|||office\n1.0.0.128/25|AU|||\n", ""},
		{"a broken file", []string{broken}, "", broken + ": line 1: not an IPv4 network: 1.0.0.0/33"},
		{"another form", []string{own, "--to", "csv"}, "", `--to: must be table, packed, rows or text, not "csv"`},
		{"no file", nil, "", "requires at least 1 arg(s), only received 0"},
		{"a table, in a file", []string{countries, "-o", out}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := newRootCommand()
			var printed bytes.Buffer
			root.SetOut(&printed)
			root.SetArgs(append([]string{"geo", "convert"}, tt.args...))
			err := root.Execute()
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
			} else {
				assert.NoError(t, err)
			}
			assert.Equal(t, tt.want, printed.String())
		})
	}
	table, err := os.ReadFile(out)
	require.NoError(t, err)
	ranges, err := geo.Decode(table)
	require.NoError(t, err)
	assert.Equal(t, []geo.Range{{First: 1 << 24, Last: 1<<24 + 255, Location: geo.Location{Country: "AU"}}}, ranges)
	packed, err := convertGeo([]string{out}, "packed")
	require.NoError(t, err)
	want, err := geo.Pack(table)
	require.NoError(t, err)
	assert.Equal(t, want+"\n", string(packed))
}
