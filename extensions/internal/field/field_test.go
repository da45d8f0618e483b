package field

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"
)

func TestValues(t *testing.T) {
	o := Of(gjson.Parse(`{"on":"true","off":0,"name":"n","empty":"","port":"80","many":["a","b"],"one":"a","nothing":null,"child":{"x":1}}`))

	on, set, err := o.Bool("on")
	assert.True(t, on && set && err == nil)
	off, set, err := o.Bool("off")
	assert.True(t, !off && set && err == nil)
	_, set, err = o.Bool("nothing")
	assert.True(t, !set && err == nil, "null is absent")
	empty, set, err := o.String("empty")
	assert.True(t, empty == "" && set && err == nil)
	port, set, err := o.Int("port", 1, 65535)
	assert.True(t, port == 80 && set && err == nil)
	many, _, err := o.Strings("many")
	assert.Equal(t, []string{"a", "b"}, many)
	assert.NoError(t, err)
	one, _, err := o.Strings("one")
	assert.Equal(t, []string{"a"}, one)
	assert.NoError(t, err)
	child, set, err := o.Object("child")
	assert.True(t, set && err == nil)
	assert.Equal(t, "child.x", child.Place("x"))
	children, _, err := o.Objects("child")
	assert.NoError(t, err)
	assert.Len(t, children, 1)
	three, err := o.IntOr("none", 1, 9, 3)
	assert.True(t, three == 3 && err == nil)
	zero, err := o.IntOr("off", 0, 9, 3)
	assert.True(t, zero == 0 && err == nil, "0 is a number")
	other, err := o.PositiveOr("off", 9, 3)
	assert.True(t, other == 3 && err == nil, "0 stands for the default")
	given, err := o.PositiveOr("port", 99, 3)
	assert.True(t, given == 80 && err == nil)
	text, err := o.StringOr("empty", "t")
	assert.True(t, text == "t" && err == nil)
	text, err = o.StringOr("name", "t")
	assert.True(t, text == "n" && err == nil)
	name, err := o.Enum("name", "m", "n")
	assert.Equal(t, "n", name)
	assert.NoError(t, err)
}

func TestErrorsNameTheField(t *testing.T) {
	tests := map[string]struct {
		json string
		read func(Object) error
		want string
	}{
		"switch":                  {`{"a":"yes"}`, func(o Object) error { _, _, err := o.Bool("a"); return err }, `a: must be true or false, not "yes"`},
		"string":                  {`{"a":1}`, func(o Object) error { _, _, err := o.String("a"); return err }, `a: must be a string`},
		"missing":                 {`{}`, func(o Object) error { _, err := o.Required("a"); return err }, `a: is required`},
		"empty":                   {`{"a":""}`, func(o Object) error { _, err := o.Required("a"); return err }, `a: must not be empty`},
		"no number":               {`{"a":1.5}`, func(o Object) error { _, _, err := o.Int("a", 0, 9); return err }, `a: must be a whole number, not 1.5`},
		"out of range":            {`{"a":10}`, func(o Object) error { _, _, err := o.Int("a", 0, 9); return err }, `a: must be between 0 and 9, not 10`},
		"below, with a default":   {`{"a":0}`, func(o Object) error { _, err := o.IntOr("a", 1, 9, 3); return err }, `a: must be between 1 and 9, not 0`},
		"negative":                {`{"a":-1}`, func(o Object) error { _, err := o.PositiveOr("a", 9, 3); return err }, `a: must be between 0 and 9, not -1`},
		"no text, with a default": {`{"a":1}`, func(o Object) error { _, err := o.StringOr("a", "t"); return err }, `a: must be a string`},
		"no option":               {`{"a":"c"}`, func(o Object) error { _, err := o.Enum("a", "x", "y"); return err }, `a: must be one of x, y, not "c"`},
		"empty item":              {`{"a":["b",""]}`, func(o Object) error { _, _, err := o.Strings("a"); return err }, `a[1]: must not be empty`},
		"number item":             {`{"a":["b",1]}`, func(o Object) error { _, _, err := o.Strings("a"); return err }, `a[1]: must be a string`},
		"no list":                 {`{"a":1}`, func(o Object) error { _, _, err := o.Strings("a"); return err }, `a: must be a list of strings`},
		"no object":               {`{"a":1}`, func(o Object) error { _, _, err := o.Object("a"); return err }, `a: must be an object`},
		"list of other":           {`{"a":[{},1]}`, func(o Object) error { _, _, err := o.Objects("a"); return err }, `a[1]: must be an object`},
		"nested": {`{"a":[{},{"b":[{"c":""}]}]}`, func(o Object) error {
			outer, _, _ := o.Objects("a")
			inner, _, _ := outer[1].Objects("b")
			_, err := inner[0].Required("c")
			return err
		}, `a[1].b[0].c: must not be empty`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.EqualError(t, test.read(Of(gjson.Parse(test.json))), test.want)
		})
	}
}
