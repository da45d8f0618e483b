package template

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRender(t *testing.T) {
	values := map[string]string{"a": `"<1>"` + "\n", "b": "${a}"}
	for name, test := range map[string]struct {
		text  string
		place Place
		want  string
	}{
		"no variables":           {"$a {b} $", Plain, "$a {b} $"},
		"as it is":               {"-${a}-${b}-", Plain, "-\"<1>\"\n-${a}-"},
		"in JSON":                {`{"x":"${a}"}`, JSON, `{"x":"\"\u003c1\u003e\"\n"}`},
		"in markup":              {"<p>${a}</p>", Markup, "<p>&#34;&lt;1&gt;&#34;\n</p>"},
		"values are not filled":  {"${b}", JSON, "${a}"},
		"at both ends, together": {"${b}${b}", Plain, "${a}${a}"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Parse(test.text, test.place, "a", "b")
			require.NoError(t, err)
			assert.Equal(t, test.want, text.Render(func(name string) string { return values[name] }))
		})
	}
	literal := Literal("${a}")
	assert.Equal(t, "${a}", literal.Render(nil))
}

func TestUses(t *testing.T) {
	text, err := Parse("${a}", Plain, "a", "b")
	require.NoError(t, err)
	assert.True(t, text.Uses("a"))
	assert.False(t, text.Uses("b"))
}

func TestUnknownVariables(t *testing.T) {
	for _, text := range []string{"${c}", "${a", "x${}", "${ a}"} {
		_, err := Parse(text, Plain, "a", "b")
		assert.ErrorContains(t, err, "must be one of ${a}, ${b}", text)
	}
}

func TestTheTypeOfABodyDecidesBeforeItsText(t *testing.T) {
	for _, tt := range []struct {
		body, contentType string
		want              Place
	}{
		{"Sorry, <b>${a}</b>", "", Markup},
		{"  <p>${a}</p>", "", Markup},
		{"${a}", "text/html; charset=utf-8", Markup},
		{`{"a":"${a}"}`, "text/html", Markup},
		{"<p>${a}</p>", "application/json", JSON},
		{"<p>${a}</p>", "text/plain", Plain},
		{`{"was":${a},"html":"<b>${a}</b>"}`, "", JSON},
		{"\r\n[${a}]", "", JSON},
		{"\ufeff{${a}}", "", JSON},
		{`"${a}"`, "", JSON},
		{"${a}", "", Plain},
		{"a ${a}", "", Plain},
		{"", "", Plain},
		{"<p>${a}</p>", "${a}", Markup},
		{"${a}", "text/html; charset=${a}", Markup},
	} {
		assert.Equal(t, tt.want, PlaceOfBody(tt.body, tt.contentType), "%q as %q", tt.body, tt.contentType)
	}
}

func TestAnotherPlace(t *testing.T) {
	text, err := Parse("-${a}", Plain, "a")
	require.NoError(t, err)
	markup := text.In(Markup)
	assert.Equal(t, Plain, text.Place())
	assert.Equal(t, Markup, markup.Place())
	value := func(string) string { return "<" }
	assert.Equal(t, "-<", text.Render(value))
	assert.Equal(t, "-&lt;", markup.Render(value))
}

func TestPlaceOf(t *testing.T) {
	for contentType, want := range map[string]Place{
		"application/json; charset=utf-8": JSON, "application/problem+json": JSON, "Text/HTML": Markup, "image/svg+xml": Markup,
		"text/plain": Plain, "": Plain,
	} {
		assert.Equal(t, want, PlaceOf(contentType), contentType)
	}
}
