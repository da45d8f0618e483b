package origin

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMatch(t *testing.T) {
	const plugin = "via_wasm::higress-system.key-auth::key-auth.unauthorized"
	for _, tt := range []struct {
		details, pattern string
		want             bool
	}{
		{"no_healthy_upstream", "no_healthy_upstream", true},
		{"no_healthy_upstream", "no_healthy", false},
		{"no_healthy_upstream", "no_healthy*", true},
		{"no_healthy_upstream", "*", true},
		{plugin, plugin, true},
		{plugin, "key-auth.unauthorized", true},
		{plugin, "key-auth.*", true},
		{plugin, "via_wasm*", true},
		{plugin, "unauthorized", false},
		{"", "", true},
		{"", "a", false},
	} {
		assert.Equal(t, tt.want, Match(tt.details, tt.pattern), "%q, %q", tt.details, tt.pattern)
	}
}

func TestParseFlag(t *testing.T) {
	flag, err := ParseFlag("UF")
	assert.NoError(t, err)
	assert.Equal(t, Flags(1<<5), flag)
	_, err = ParseFlag("uf")
	assert.ErrorContains(t, err, "must be one of LH, UH, UT")
}
