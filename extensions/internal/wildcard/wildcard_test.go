package wildcard

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a.test:80", true}, {"**", "a", true},
		{"a.test", "a.test", true}, {"a.test", "a.test:80", false}, {"a.test", "A.test", false},
		{"a*", "a", true}, {"a.*", "a.test", true}, {"*.test", "a.b.test", true}, {"*.test", "test", false},
		{"*.test", "a.test.evil", false}, {"a*b*c", "aXbYc", true}, {"a*b*c", "aXbYbZc", true}, {"a*b*c", "aXbYbZ", false},
		{"a*b*c", "ac", false}, {"*ab", "aab", true}, {"*ab", "aba", false}, {"a*a", "a", false}, {"ab*ba", "aba", false},
		{strings.Repeat("*a", 50) + "b", strings.Repeat("a", 500), false},
	} {
		assert.Equal(t, tt.want, Parse(tt.pattern).Matches(tt.text), "%s, %s", tt.pattern, tt.text)
	}
	assert.False(t, Pattern(nil).Matches(""), "the zero pattern matches nothing")
}

// FuzzMatches compares with an expression.
func FuzzMatches(f *testing.F) {
	f.Add("a*b*c", "aXbYbZc")
	f.Add("**", "")
	f.Add("ab*ba", "aba")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(text, "") != text || len(pattern) > 100 {
			return // expressions are for text
		}
		expression := `(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`
		if want := regexp.MustCompile(expression).MatchString(text); Parse(pattern).Matches(text) != want {
			t.Fatalf("%q, %q: not %v", pattern, text, want)
		}
	})
}
