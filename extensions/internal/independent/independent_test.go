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

func TestAGlobalConfigurationThatAsksForNothingFailsNoRule(t *testing.T) {
	whole, rule := Parsers(func(o field.Object, c *config) error {
		if c.name, _, _ = o.String("name"); c.name == "" {
			return Nothing("there is nothing to do")
		}
		return nil
	})
	var above, c config
	assert.EqualError(t, whole(gjson.Parse(`{"other": 1}`), &above), "there is nothing to do", "without rules it is a load error")
	assert.EqualError(t, whole(gjson.Parse(`{"other": 1, "_rules_": [{}]}`), &above), "there is nothing to do", "the SDK logs and drops it")
	assert.NoError(t, rule(gjson.Parse(`{"name": "b"}`), above, &c))
	assert.Equal(t, "b", c.name)
}
