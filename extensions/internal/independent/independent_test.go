package independent

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

type config struct {
	Global
	name string
}

func parse(o field.Object, c *config) (err error) {
	c.name, err = o.Required("name")
	return err
}

func TestParsers(t *testing.T) {
	whole, rule := Parsers(parse)
	tests := []struct{ name, whole, rule, want, err string }{
		{"a rule takes nothing from the global configuration", `{"name": "a", "_rules_": [{}]}`, `{"name": "b"}`, "b", ""},
		{"not even what it lacks", `{"name": "a", "_rules_": [{}]}`, `{}`, "", "name: is required"},
		{"a broken global configuration fails the rules", `{"name": 1, "_rules_": [{}]}`, `{"name": "b"}`, "", "global configuration: name: must be a string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var above, c config
			assert.NoError(t, whole(gjson.Parse(tt.whole), &above))
			err := rule(gjson.Parse(tt.rule), above, &c)
			if tt.err != "" {
				assert.EqualError(t, err, tt.err)
				return
			}
			assert.NoError(t, err)
			assert.Equal(t, tt.want, c.name)
		})
	}
	var c config
	assert.EqualError(t, whole(gjson.Parse(`{}`), &c), "name: is required", "without rules it fails at once")
}
