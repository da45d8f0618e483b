package cases

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPartsOfJSON(t *testing.T) {
	for _, test := range []struct {
		expected, actual string
		want             []mismatch
	}{
		{`{"a": 1}`, `{"a": 1.0, "b": 2}`, nil},
		{`{"a": 1.5}`, `{"a": 15e-1}`, nil},
		{`9007199254740993`, `9007199254740993`, nil},
		{`9007199254740993`, `9007199254740992`, []mismatch{{"", "9007199254740993", "9007199254740992"}}},
		{`1`, `"1"`, []mismatch{{"", "1", `"1"`}}},
		{`"1"`, `1`, []mismatch{{"", `"1"`, "1"}}},
		{`"~^a+$"`, `"aaa"`, nil},
		{`"~^a+$"`, `"aab"`, []mismatch{{"", `"~^a+$"`, `"aab"`}}},
		{`true`, `false`, []mismatch{{"", "true", "false"}}},
		{`null`, `0`, []mismatch{{"", "null", "0"}}},
		{`{}`, `[]`, []mismatch{{"", "{}", "[]"}}},
		{`[]`, `{}`, []mismatch{{"", "[]", "{}"}}},
		{`{"a": {"b": [1, {"c": 2}]}}`, `{"a": {"b": [1, {"c": 3}]}}`, []mismatch{{"a.b[1].c", "2", "3"}}},
		{`[1]`, `[1, 2]`, []mismatch{{"", "[1]", "[1,2]"}}},
	} {
		expected, err := parseJSON([]byte(test.expected))
		require.NoError(t, err)
		actual, err := parseJSON([]byte(test.actual))
		require.NoError(t, err)
		assert.Equal(t, test.want, jsonPart("", expected, actual), "%s in %s", test.expected, test.actual)
	}
	_, err := parseJSON([]byte(`{} {}`))
	assert.Error(t, err, "more than one value")
}

func TestDifferencesOfLines(t *testing.T) {
	lines := strings.Split("a b c d e f g h", " ")
	text := strings.Join(lines, "\n")
	for name, test := range map[string]struct{ expected, actual, want string }{
		"a changed line, with two around it": {text, strings.Replace(text, "d", "x", 1), "  …\n  b\n  c\n- d\n+ x\n  e\n  f\n  …"},
		"a line more":                        {text, text + "\ni", "  …\n  g\n  h\n+ i"},
		"a line less":                        {text, text[2:], "- a\n  b\n  c\n  …"},
		"two places":                         {text, "x" + text[1:len(text)-1] + "y", "- a\n+ x\n  b\n  c\n  …\n  f\n  g\n- h\n+ y"},
		"one line":                           {"a", "b", ""},
		"no text":                            {"a\n\xff", "b\n", ""},
		"too long":                           {strings.Repeat("a\n", diffLines), "", ""},
	} {
		assert.Equal(t, test.want, lineDiff(test.expected, test.actual), name)
	}
}

func TestSummariesAndFailuresInOneLine(t *testing.T) {
	assert.Equal(t, "2 passed, 1 failed, 3 skipped (9 steps, 1.23s)", Summary{Passed: 2, Failed: 1, Skipped: 3, Steps: 9, Duration: 1234567890}.String())
	assert.Equal(t, "1 passed, 0 failed (1 steps, <1ms)", Summary{Passed: 1, Steps: 1, Duration: 999}.String())
	assert.Equal(t, "2 passed, 0 failed (4 steps, 12ms)", Summary{Passed: 2, Steps: 4, Duration: 12345678}.String())
	assert.Equal(t, "a: expected 1, actual 2", Failure{Field: "a", Expected: "1", Actual: "2"}.String())
	assert.Equal(t, "a:\n- x\n+ y", Failure{Field: "a", Diff: "- x\n+ y"}.String())
}

func TestBytesThatAreNoTextAreShownInHexadecimal(t *testing.T) {
	assert.Equal(t, "bytes ff00", bytesText([]byte{0xff, 0}))
	assert.Equal(t, `"a\n"`, bytesText([]byte("a\n")))
	assert.Contains(t, bytesText(make([]byte, 5000)), "… (5000 bytes)")
}
