package consumers

import (
	"errors"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Config is the global configuration of a plugin, or that of a rule.
type Config[A any] struct {
	Access

	// Auth is the plugin's own part. It is not nil where authentication is required; rules that inherit share it.
	Auth *A

	// failure is why the global configuration is unusable. It is reported by the first rule: the SDK drops a global
	// configuration that does not parse when there are rules, and a gateway must not run on half of it.
	failure error
}

// ParseGlobal reads the global configuration; for wrapper.ParseOverrideConfig.
func (t *Table[A]) ParseGlobal(json gjson.Result, config *Config[A]) error {
	hasRules := len(json.Get("_rules_").Array()) > 0
	err := t.parseGlobal(field.Of(json), config, hasRules)
	if err != nil && hasRules {
		config.failure = err
		return nil
	}
	return err
}

func (t *Table[A]) parseGlobal(o field.Object, config *Config[A], hasRules bool) error {
	*config = Config[A]{Access: Access{alone: !hasRules, reply: t.internal()}}
	required, set, err := o.Bool("global_auth")
	if err != nil {
		return err
	}
	config.always = required
	if required || !set && (!hasRules || t.ChecksUnmatched) {
		config.mode = modeAny
	}
	if config.strip, _, err = o.Bool("strip_consumer_header"); err != nil {
		return err
	}
	if config.Required() || !hasRules || t.says(o) {
		if config.Auth, err = t.Parse(o); err != nil {
			return err
		}
	}
	if config.Auth == nil && config.Required() {
		return errors.New("consumers is required")
	}
	if config.alone && !config.Required() {
		log.Warn("global_auth is false and there are no rules: no request needs authentication")
	}
	return nil
}

// says tells whether a global configuration has any of the plugin's own fields. One that asks nobody to authenticate need
// not have any, if rules can have callers of their own.
func (t *Table[A]) says(o field.Object) bool {
	if len(t.Own) == 0 {
		return true
	}
	for _, names := range [][]string{t.Own, t.Ignored, t.Refused} {
		for _, name := range names {
			if o.JSON().Get(name).Exists() {
				return true
			}
		}
	}
	return false
}

// ParseRule reads a rule; for wrapper.ParseOverrideConfig. It takes everything from the global configuration but who
// may pass, unless it has callers of its own.
func (t *Table[A]) ParseRule(json gjson.Result, global Config[A], config *Config[A]) error {
	if global.failure != nil {
		return errors.New("global configuration: " + global.failure.Error())
	}
	*config = global
	config.alone, config.reply = false, t.internal()
	o := field.Of(json)
	strip, set, err := o.Bool("strip_consumer_header")
	if err != nil {
		return err
	}
	if set {
		config.strip = strip
	}
	if !t.IgnoresDisable {
		disabled, _, err := o.Bool("_disable_")
		if err != nil {
			return err
		}
		if disabled {
			config.mode = modeOpen
			return nil
		}
	}
	if t.hasOwnCallers(json) {
		return t.parseOwn(o, config)
	}
	return t.parseAllow(o, config)
}

func (t *Table[A]) hasOwnCallers(json gjson.Result) bool {
	for _, name := range t.Own {
		if json.Get(name).Exists() {
			return true
		}
	}
	return false
}

func (t *Table[A]) parseOwn(o field.Object, config *Config[A]) error {
	auth, err := t.Parse(o)
	if err != nil {
		return err
	}
	if auth == nil {
		return errors.New(t.Own[0] + " cannot be empty")
	}
	config.Auth, config.mode = auth, modeAny
	return nil
}

func (t *Table[A]) parseAllow(o field.Object, config *Config[A]) error {
	if err := t.withoutEffect(o); err != nil {
		return err
	}
	names, set, err := Scalars(o, "allow")
	if err != nil {
		return err
	}
	if len(names) == 0 && t.BareRule == BareRuleRefused {
		if set {
			return errors.New("allow cannot be empty")
		}
		return errors.New("allow is required")
	}
	if config.Auth == nil {
		return errors.New("allow: needs consumers in the global configuration")
	}
	if len(names) == 0 {
		t.bare(set, config)
		return nil
	}
	config.allowOnly(names)
	if t.Known == nil {
		return nil
	}
	for i, name := range names {
		if !t.Known(config.Auth, name) {
			log.Warn("allow[" + strconv.Itoa(i) + "]: no consumer is named \"" + name + "\"")
		}
	}
	return nil
}

// withoutEffect reports fields that count beside callers only, in a rule that has none.
func (t *Table[A]) withoutEffect(o field.Object) error {
	problem := "has no effect in a rule"
	if len(t.Own) > 0 {
		problem += " without " + strings.Join(t.Own, " or ")
	}
	for _, name := range t.Refused {
		if o.Has(name) {
			return o.FieldError(name, problem)
		}
	}
	for _, name := range t.Ignored {
		if o.Has(name) {
			log.Error(o.FieldError(name, problem).Error())
		}
	}
	return nil
}

// bare treats a rule that names nobody.
func (t *Table[A]) bare(emptyList bool, config *Config[A]) {
	if t.BareRule == BareRuleDenies {
		log.Error("a rule without names in allow and without callers of its own lets nobody pass")
		config.allowOnly(nil)
		return
	}
	if emptyList {
		log.Warn("allow: an empty list has no effect")
	}
	config.mode = modeOpen
	if config.always {
		config.mode = modeAny
	}
}

func (t *Table[A]) internal() *Refusal {
	if t.Internal.Status != 0 {
		return &t.Internal
	}
	return &Refusal{Status: 500, Details: t.Plugin + ".internal_error"}
}
