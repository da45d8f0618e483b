package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name, config, asked, want string
	}{
		{"no mapping", `{}`, "a", "a"},
		{"a name", `{"modelMapping": {"a": "b", "*": "c"}}`, "a", "b"},
		{"in another case", `{"modelMapping": {"a": "b"}}`, "A", "A"},
		{"everything else", `{"modelMapping": {"a": "b", "*": "c"}}`, "x", "c"},
		{"a request without a name", `{"modelMapping": {"*": "c"}}`, "", "c"},
		{"nothing for it", `{"modelMapping": {"a": "b", "*": ""}}`, "x", "x"},
		{"an empty target", `{"modelMapping": {"a": "", "a*": "b", "*": "c"}}`, "a", "a"},
		{"a prefix with an empty target", `{"modelMapping": {"a*": "", "*": "c"}}`, "ab", "ab"},
		{"a prefix", `{"modelMapping": {"a*": "b"}}`, "a", "b"},
		{"a name beats a prefix", `{"modelMapping": {"ab*": "p", "abc": "n"}}`, "abc", "n"},
		{"the first prefix in the order of bytes", `{"modelMapping": {"gpt-4-*": "b", "gpt-*": "a"}}`, "gpt-4-x", "a"},
		{"an asterisk before the end is a character", `{"modelMapping": {"a*b*": "x"}}`, "a*bc", "x"},
		{"not a wildcard", `{"modelMapping": {"a*b*": "x"}}`, "acbc", "acbc"},
		{"the longest prefix", `{"prefixOrder": "longest", "modelMapping": {"gpt-4-*": "b", "gpt-*": "a", "g*": "c"}}`, "gpt-4-x", "b"},
		{"a shorter one", `{"prefixOrder": "longest", "modelMapping": {"gpt-4-*": "b", "gpt-*": "a", "g*": "c"}}`, "gpt-3", "a"},
		{"numbers as targets", `{"modelMapping": {"5": 6}}`, "5", "6"},
		{"a repeated key", `{"modelMapping": {"a*": "x", "a*": "y"}}`, "ab", "y"},
		{"an expression matches anywhere", `{"modelMapping": {"~gpt": "qwen"}}`, "my-gpt-4", "my-qwen-4"},
		{"groups", `{"modelMapping": {"~^gpt-(.*)$": "azure/${1}"}}`, "gpt-4", "azure/4"},
		{"an expression that empties the name", `{"modelMapping": {"~^(x*)$": "${2}", "*": "c"}}`, "xx", "xx"},
		{"an expression with an empty target", `{"modelMapping": {"~^x": "", "*": "c"}}`, "xx", "xx"},
		{"a prefix before an expression", `{"modelMapping": {"~^a": "e", "a*": "p"}}`, "ab", "p"},
		{"an expression that ends in an asterisk", `{"modelMapping": {"~^ab*": "e"}}`, "abbb", "e"},
		{"an expression after a prefix beyond ASCII, with longest", `{"prefixOrder": "longest", "modelMapping": {"~^é": "e", "é*": "p"}}`, "éa", "p"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c Config
			require.NoError(t, parseConfig(field.Of(gjson.Parse(tt.config)), &c))
			assert.Equal(t, tt.want, c.table.name(tt.asked))
		})
	}
}
