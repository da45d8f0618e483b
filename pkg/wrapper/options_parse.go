package wrapper

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Parsers of the plugin configuration and of its rules. `global` is the parsed global configuration, its zero value if
// there is none; it is a copy, but what it points to is shared with the other rules.
type (
	// ParseConfigFunc fills config from JSON.
	ParseConfigFunc[PluginConfig any] func(json gjson.Result, config *PluginConfig) error
	// ParseConfigWithContextFunc is ParseConfigFunc with the plugin context.
	ParseConfigWithContextFunc[PluginConfig any] func(context PluginContext, json gjson.Result, config *PluginConfig) error
	// ParseRuleConfigFunc fills the configuration of a rule.
	ParseRuleConfigFunc[PluginConfig any] func(json gjson.Result, global PluginConfig, config *PluginConfig) error
	// ParseRawConfigFunc fills config from the JSON text.
	ParseRawConfigFunc[PluginConfig any] func(configBytes []byte, config *PluginConfig) error
	// ParseRawRuleConfigFunc fills the configuration of a rule from its JSON text.
	ParseRawRuleConfigFunc[PluginConfig any] func(configBytes []byte, global PluginConfig, config *PluginConfig) error
	// ParseRawConfigWithContextFunc is ParseRawConfigFunc with the plugin context.
	ParseRawConfigWithContextFunc[PluginConfig any] func(context PluginContext, configBytes []byte, config *PluginConfig) error
	// ParseRawRuleConfigWithContextFunc is ParseRawRuleConfigFunc with the plugin context.
	ParseRawRuleConfigWithContextFunc[PluginConfig any] func(context PluginContext, configBytes []byte, global PluginConfig, config *PluginConfig) error

	oldParseConfigFunc[PluginConfig any]     func(json gjson.Result, config *PluginConfig, log log.Log) error
	oldParseRuleConfigFunc[PluginConfig any] func(json gjson.Result, global PluginConfig, config *PluginConfig, log log.Log) error
)

// ParseConfig sets the parser of the global configuration and of each rule.
func ParseConfig[PluginConfig any](f ParseConfigFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ctx.parseConfig = func(_ PluginContext, json gjson.Result, config *PluginConfig) error {
			return f(json, config)
		}
	})
}

// ParseConfigWithContext is ParseConfig for a parser that needs the plugin context.
func ParseConfigWithContext[PluginConfig any](f ParseConfigWithContextFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) { ctx.parseConfig = f })
}

// ParseRawConfig is ParseConfig for a parser of JSON text.
func ParseRawConfig[PluginConfig any](f ParseRawConfigFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ctx.parseConfig = func(_ PluginContext, json gjson.Result, config *PluginConfig) error {
			return f([]byte(json.Raw), config)
		}
	})
}

// ParseOverrideConfig sets f for the global configuration and g for each rule, which starts from the global one.
func ParseOverrideConfig[PluginConfig any](f ParseConfigFunc[PluginConfig], g ParseRuleConfigFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ParseConfig(f).Apply(ctx)
		ctx.parseRuleConfig = func(_ PluginContext, json gjson.Result, global PluginConfig, config *PluginConfig) error {
			return g(json, global, config)
		}
	})
}

// ParseOverrideRawConfig is ParseOverrideConfig for parsers of JSON text.
func ParseOverrideRawConfig[PluginConfig any](f ParseRawConfigFunc[PluginConfig], g ParseRawRuleConfigFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ParseRawConfig(f).Apply(ctx)
		ctx.parseRuleConfig = func(_ PluginContext, json gjson.Result, global PluginConfig, config *PluginConfig) error {
			return g([]byte(json.Raw), global, config)
		}
	})
}

// ParseConfigBy is ParseConfig with a logger argument.
//
// Deprecated: use ParseConfig and package log.
func ParseConfigBy[PluginConfig any](f oldParseConfigFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ctx.parseConfig = func(_ PluginContext, json gjson.Result, config *PluginConfig) error {
			return f(json, config, ctx.log)
		}
	})
}

// ParseOverrideConfigBy is ParseOverrideConfig with a logger argument.
//
// Deprecated: use ParseOverrideConfig and package log.
func ParseOverrideConfigBy[PluginConfig any](f oldParseConfigFunc[PluginConfig], g oldParseRuleConfigFunc[PluginConfig]) CtxOption[PluginConfig] {
	return optionFor[PluginConfig](func(ctx *CommonVmCtx[PluginConfig]) {
		ParseConfigBy(f).Apply(ctx)
		ctx.parseRuleConfig = func(_ PluginContext, json gjson.Result, global PluginConfig, config *PluginConfig) error {
			return g(json, global, config, ctx.log)
		}
	})
}
