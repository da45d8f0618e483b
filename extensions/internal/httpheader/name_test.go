package httpheader

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

func TestNames(t *testing.T) {
	tests := []struct {
		text       string
		is, pseudo bool
	}{
		{"x-a", true, true},
		{"X-A9", true, true},
		{"!#$%&'*+-.^_`|~", true, true},
		{":path", false, true},
		{"", false, false},
		{":", false, false},
		{"::path", false, false},
		{"x:a", false, false},
		{"a b", false, false},
		{" x", false, false},
		{"x ", false, false},
		{"/x", false, false},
		{"x\"", false, false},
		{"x?", false, false},
		{"x=y", false, false},
		{"a\r\nb", false, false},
		{"a\x00", false, false},
		{"a@b", false, false},
		{"a[b", false, false},
		{"a{b", false, false},
		{"é", false, false},
		{"\x7f", false, false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.is, IsName(tt.text), "%q", tt.text)
		assert.Equal(t, tt.pseudo, IsNameOrPseudo(tt.text), "%q", tt.text)
	}
}

func TestFields(t *testing.T) {
	o := field.Of(gjson.Parse(`{"good":"X-A","bad":"a b","list":["X-A","x-b"],"badList":["a",":path"],"mixed":["a",1]}`))

	name, err := RequiredName(o, "good")
	assert.NoError(t, err)
	assert.Equal(t, "x-a", name)
	_, err = RequiredName(o, "bad")
	assert.EqualError(t, err, "bad: must be the name of a header")
	_, err = RequiredName(o, "absent")
	assert.EqualError(t, err, "absent: is required")

	names, err := Names(o, "list")
	assert.NoError(t, err)
	assert.Equal(t, []string{"x-a", "x-b"}, names)
	names, err = Names(o, "absent")
	assert.NoError(t, err)
	assert.Nil(t, names)
	_, err = Names(o, "badList")
	assert.EqualError(t, err, "badList[1]: must be the name of a header")
	_, err = Names(o, "mixed")
	assert.EqualError(t, err, "mixed[1]: must be a string")
}
