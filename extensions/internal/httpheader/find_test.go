package httpheader

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLookUps(t *testing.T) {
	headers := [][2]string{{":path", "/a"}, {"accept", "text/html"}, {"x-empty", ""}, {"accept", "image/*"}, {"x-one", "1"}}
	tests := []struct {
		name, first, joined string
		has                 bool
		values              []string
	}{
		{":path", "/a", "/a", true, []string{"/a"}},
		{"accept", "text/html", "text/html, image/*", true, []string{"text/html", "image/*"}},
		{"x-empty", "", "", true, []string{""}},
		{"x-one", "1", "1", true, []string{"1"}},
		{"Accept", "", "", false, nil},
		{"", "", "", false, nil},
	}
	for _, tt := range tests {
		first, ok := Find(headers, tt.name)
		assert.Equal(t, tt.first, first, tt.name)
		assert.Equal(t, tt.has, ok, tt.name)
		assert.Equal(t, tt.first, First(headers, tt.name), tt.name)
		assert.Equal(t, tt.has, Has(headers, tt.name), tt.name)
		assert.Equal(t, tt.values, Values(headers, tt.name), tt.name)
		joined, ok := Joined(headers, tt.name)
		assert.Equal(t, tt.joined, joined, tt.name)
		assert.Equal(t, tt.has, ok, tt.name)
	}
	joined, _ := Joined([][2]string{{"a", ""}, {"a", "\t1.1.1.1, 2.2.2.2 "}, {"a", "3.3.3.3"}}, "a")
	assert.Equal(t, ", 1.1.1.1, 2.2.2.2, 3.3.3.3", joined, "an empty line is an element")
	assert.False(t, Has(nil, "accept"))
}

func TestValues(t *testing.T) {
	tests := []struct {
		text            string
		value, controls bool
	}{
		{"", true, false},
		{"plain text", true, false},
		{"a\tb", true, true},
		{"Zürich", true, false},
		{"a\r\nb", false, true},
		{"a\x00", false, true},
		{"\x1f", false, true},
		{"\x7f", false, true},
		{"\x80", true, false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.value, IsValue(tt.text), "%q", tt.text)
		assert.Equal(t, tt.controls, HasControl(tt.text), "%q", tt.text)
	}
}
