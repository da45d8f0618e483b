package matcher

import (
	"errors"
	"strconv"

	"github.com/higress-group/wasm-go/pkg/iface"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// RuleMatcher holds the configurations of one plugin and finds the one that applies. The zero value matches nothing;
// ParseRuleConfig fills it. It is a handle: copies share the parsed rules.
type RuleMatcher[PluginConfig any] struct {
	parsed *parsedRules[PluginConfig]
}

// parsedRules is written once, at plugin start; look-ups hand out pointers into it.
type parsedRules[PluginConfig any] struct {
	global    PluginConfig
	hasGlobal bool
	rules     []RuleConfig[PluginConfig]
	index     *index // nil without rules
}

// ruleParsers are the plugin's own parsers; rule is nil when rules do not inherit.
type ruleParsers[PluginConfig any] struct {
	plain func(gjson.Result, *PluginConfig) error
	rule  func(gjson.Result, PluginConfig, *PluginConfig) error
}

// ParseRuleConfig parses the plugin configuration: the global part with parsePluginConfig, each entry of `_rules_`
// with parseOverrideConfig, or with parsePluginConfig when that is nil. On an error nothing changes.
func (m *RuleMatcher[PluginConfig]) ParseRuleConfig(context iface.PluginContext, config gjson.Result,
	parsePluginConfig func(gjson.Result, *PluginConfig) error,
	parseOverrideConfig func(gjson.Result, PluginConfig, *PluginConfig) error) error {
	parsers := ruleParsers[PluginConfig]{plain: parsePluginConfig, rule: parseOverrideConfig}
	keys, rules := splitConfig(config)
	parsed := &parsedRules[PluginConfig]{}
	if keys == 0 && !rules.Exists() {
		if err := parsers.plain(config, &parsed.global); err != nil {
			return err
		}
		parsed.hasGlobal = true
		m.parsed = parsed
		return nil
	}
	var globalErr error
	if keys > 0 {
		globalErr = parsers.plain(config, &parsed.global)
		parsed.hasGlobal = globalErr == nil
		if globalErr != nil {
			var zero PluginConfig
			parsed.global = zero
		}
	}
	list := rules.Array()
	if len(list) == 0 {
		if !parsed.hasGlobal {
			return errors.New("parse config failed, no valid rules; global config parse error:" + reason(globalErr))
		}
		m.parsed = parsed
		return nil
	}
	if globalErr != nil {
		log.Warn("global config is not used, its parsing failed: " + globalErr.Error())
	}
	if err := parsed.parseRules(context, list, parsers); err != nil {
		return err
	}
	m.parsed = parsed
	return nil
}

func reason(err error) string {
	if err == nil {
		return "<nil>"
	}
	return err.Error()
}

// splitConfig counts the keys besides `_rules_` and returns the rules.
func splitConfig(config gjson.Result) (keys int, rules gjson.Result) {
	if !config.IsObject() {
		return 0, gjson.Result{}
	}
	config.ForEach(func(key, value gjson.Result) bool {
		if key.String() == RULES_KEY {
			rules = value
			return true
		}
		keys++
		return true
	})
	return keys, rules
}

func (p *parsedRules[PluginConfig]) parseRules(context iface.PluginContext, list []gjson.Result,
	parsers ruleParsers[PluginConfig]) error {
	p.rules = make([]RuleConfig[PluginConfig], 0, len(list))
	p.index = newIndex()
	isolated := context != nil && context.IsRuleLevelConfigIsolation()
	failed := false
	for i, ruleJSON := range list {
		c, err := parseConditions(ruleJSON)
		if err != nil {
			return err
		}
		rule := RuleConfig[PluginConfig]{conditions: c}
		if isolated {
			err = p.parseIsolated(context, ruleJSON, &rule, parsers)
		} else {
			err = p.parseRule(ruleJSON, &rule, parsers)
		}
		if err != nil && !isolated {
			return err
		}
		if err != nil {
			failed = true
			log.Error("rule " + strconv.Itoa(i) + " is skipped: " + err.Error())
			continue
		}
		p.index.addRule(int32(len(p.rules)), &rule.conditions)
		p.rules = append(p.rules, rule)
	}
	if failed && len(p.rules) == 0 {
		return errors.New("all rules failed to parse and no previous successful config available")
	}
	return nil
}

func (p *parsedRules[PluginConfig]) parseRule(ruleJSON gjson.Result, rule *RuleConfig[PluginConfig],
	parsers ruleParsers[PluginConfig]) error {
	if parsers.rule != nil {
		return parsers.rule(ruleJSON, p.global, &rule.config)
	}
	return parsers.plain(ruleJSON, &rule.config)
}

// lastGoodRules remembers, for rule isolation, the text of the last rule that parsed under the same conditions. It
// must outlive the plugin context, because a new configuration arrives in a new context of the same VM; the key
// begins with the plugin's fingerprint, so resources that share the VM do not see each other's rules.
var lastGoodRules = map[string]string{}

func (p *parsedRules[PluginConfig]) parseIsolated(context iface.PluginContext, ruleJSON gjson.Result,
	rule *RuleConfig[PluginConfig], parsers ruleParsers[PluginConfig]) error {
	key := context.GetFingerPrint() + "|" + rule.GenerateHashKey()
	err := p.parseRule(ruleJSON, rule, parsers)
	if err == nil {
		lastGoodRules[key] = ruleJSON.Raw
		return nil
	}
	last, ok := lastGoodRules[key]
	if !ok {
		return err
	}
	log.Error("rule parsing failed, its last good configuration is used: " + err.Error())
	rule.config = *new(PluginConfig)
	return p.parseRule(gjson.Parse(last), rule, parsers)
}
