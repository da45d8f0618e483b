// Package independent reads the configurations of plugins whose rules inherit nothing: the global configuration and each
// rule are read in the same way.
package independent

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// Global is embedded in a plugin's configuration. It keeps why the global configuration is unusable until the first rule
// reports it: the SDK drops a global configuration that does not parse when there are rules, and a gateway must not run
// on half of what it was told.
type Global struct{ failure error }

func (g *Global) global() *Global { return g }

// Nothing is what parse returns for a configuration that asks for nothing. It is a load error as any other, but beside
// rules not one of the rules: there the SDK may drop the global configuration.
type Nothing string

func (n Nothing) Error() string { return string(n) }

// Parsers returns the two parsers of wrapper.ParseOverrideConfig for a configuration that parse reads. A global
// configuration that parse refuses fails the load, rules or not: "global configuration: allow[0]: must not be empty".
func Parsers[Config any, P interface {
	*Config
	global() *Global
}](parse func(field.Object, *Config) error) (func(gjson.Result, *Config) error, func(gjson.Result, Config, *Config) error) {
	whole := func(json gjson.Result, config *Config) error {
		err := parse(field.Of(json), config)
		_, nothing := err.(Nothing)
		if err != nil && !nothing && len(json.Get("_rules_").Array()) > 0 {
			P(config).global().failure = err
			return nil
		}
		return err
	}
	rule := func(json gjson.Result, above Config, config *Config) error {
		if failure := P(&above).global().failure; failure != nil {
			return errors.New("global configuration: " + failure.Error())
		}
		return parse(field.Of(json), config)
	}
	return whole, rule
}
