package plugintest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attacks are the rows of each plugin's table in docs/security-tests.md.
var attacks = []string{"algorithm confusion", "`none`", "key-type mismatch", "`crit`", "over 32 KiB", "sent twice", "case and encoding",
	"`;` and `%zz`", "CR/LF", "IPv4-mapped IPv6", "trailing dots", "header-name case", "chunked, no length", "octet-stream",
	"`//` and dot segments", "forged X-Mse-Consumer", "a panic", "call-outs"}

var plugins = []string{"basic-auth", "key-auth", "jwt-auth", "simple-jwt-auth", "hmac-auth", "hmac-auth-apisix", "oauth", "oidc",
	"ext-auth", "opa", "cors", "ip-restriction", "bot-detect", "request-validation", "replay-protection", "sni-misdirect", "geo-ip",
	"waf", "request-block"}

// quoted is a name of a test in a table.
var quoted = regexp.MustCompile("`([^`]+)`")

func TestTheTableOfAttacksIsComplete(t *testing.T) {
	page, err := os.ReadFile("../../../docs/security-tests.md")
	require.NoError(t, err)
	sections := map[string]string{}
	for _, section := range strings.Split(string(page), "\n## ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		sections[name] = text
	}
	for _, plugin := range plugins {
		t.Run(plugin, func(t *testing.T) {
			section, found := sections[plugin]
			require.True(t, found, "a section of its own")
			rows := map[string]string{}
			for _, line := range strings.Split(section, "\n") {
				cells := strings.Split(line, " | ")
				if len(cells) != 2 {
					continue
				}
				for _, attack := range split(strings.TrimPrefix(cells[0], "| ")) {
					rows[attack] = strings.TrimSuffix(cells[1], " |")
				}
			}
			for _, attack := range attacks {
				cell := rows[attack]
				names := quoted.FindAllStringSubmatch(cell, -1)
				assert.True(t, len(names) > 0 || strings.Contains(cell, "cannot be reached: ") || strings.Contains(cell, "regression suite"), "%s: %q", attack, cell)
				for _, name := range names {
					assert.True(t, isTest(t, plugin, name[1]), "%s: there is no test %q", attack, name[1])
				}
			}
		})
	}
}

// split divides the first cell of a row that stands for several attacks. "chunked, no length" is one.
func split(cell string) []string {
	for _, attack := range attacks {
		if cell == attack {
			return []string{cell}
		}
	}
	return strings.Split(cell, ", ")
}

// isTest tells whether a name stands in the plugin's tests, or in those of the folder before it. FailClosed is an option.
func isTest(t *testing.T, plugin, name string) bool {
	folder := filepath.Join("../..", plugin)
	switch {
	case name == "FailClosed":
		return true
	case strings.HasPrefix(name, "internal/"):
		folder, name = filepath.Join("../..", path.Dir(name)), path.Base(name)
	case strings.HasPrefix(name, "pkg/"):
		folder, name = filepath.Join("../../..", path.Dir(name)), path.Base(name)
	}
	inGo := regexp.MustCompile(`"` + regexp.QuoteMeta(name) + `",|func ` + regexp.QuoteMeta(name) + `\(`)
	inCases := regexp.MustCompile(`name: "?` + regexp.QuoteMeta(name) + `"?(\n|, )`)
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && inGo.Match(text) {
			return true
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "cases.yaml"))
	return err == nil && inCases.Match(text)
}

func TestEveryPluginFailsClosed(t *testing.T) {
	for _, plugin := range plugins {
		text, err := os.ReadFile(filepath.Join("../..", plugin, "main.go"))
		require.NoError(t, err)
		assert.Contains(t, string(text), "wrapper.FailClosed[Config]()", plugin)
	}
}
