package status

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{"404": "404", "5xx": "5xx", "4X3": "4x3", "xxx": "xxx", "x04": "x04"} {
		pattern, ok := Parse(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, pattern, text)
	}
	for _, text := range []string{"", "5", "50", "5xxx", "000", "600", "6xx", "5*x", "abc", "-50", " 50", "5.0"} {
		_, ok := Parse(text)
		assert.False(t, ok, text)
	}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		pattern, status string
		want            bool
	}{
		{"404", "404", true},
		{"404", "405", false},
		{"4xx", "404", true},
		{"4xx", "504", false},
		{"4x4", "414", true},
		{"4x4", "415", false},
		{"xxx", "200", true},
		{"4xx", "", false},
		{"0404", "404", false},
		{"", "", true},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Matches(tt.pattern, tt.status), "%s %s", tt.pattern, tt.status)
		assert.Equal(t, tt.want, MatchesAny([]string{"999", tt.pattern}, tt.status), "%s %s", tt.pattern, tt.status)
	}
	assert.False(t, MatchesAny(nil, "200"))
}
