package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/wasmplane/wasmplane/gateway/catalog"
)

// pluginSchemas are the schemas of a plugin.yaml.
type pluginSchemas struct {
	global, rule *schema // nil: anything goes
}

type schema struct {
	compiled *jsonschema.Schema
}

// violation is something about a value, at a path below it.
type violation struct {
	path    []string
	message string
	note    bool
}

// schemasOf compiles a plugin's schemas once.
func (v *Validator) schemasOf(p *catalog.Plugin) (*pluginSchemas, error) {
	if s := v.schemas[p.Name]; s != nil {
		return s, nil
	}
	global, err := compileSchema(p.Name, "config", p.Config)
	if err != nil {
		return nil, err
	}
	rule := global
	if p.RuleConfig != nil {
		if rule, err = compileSchema(p.Name, "ruleConfig", p.RuleConfig); err != nil {
			return nil, err
		}
	}
	s := &pluginSchemas{global: global, rule: rule}
	v.schemas[p.Name] = s
	return s, nil
}

func compileSchema(plugin, field string, text map[string]any) (*schema, error) {
	if text == nil {
		return nil, nil
	}
	document, err := plain(text)
	if err != nil {
		return nil, fmt.Errorf("plugin.yaml of %s: %s: %w", plugin, field, err)
	}
	compiler := jsonschema.NewCompiler()
	url := "plugin:///" + plugin + "/" + field
	if err := compiler.AddResource(url, document); err != nil {
		return nil, fmt.Errorf("plugin.yaml of %s: %s: %w", plugin, field, err)
	}
	compiled, err := compiler.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("plugin.yaml of %s: %s: %w", plugin, field, err)
	}
	return &schema{compiled: compiled}, nil
}

// plain turns a value into the types that the schema library wants.
func plain(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

func (s *pluginSchemas) check(p part) []violation {
	use := s.global
	if p.rule {
		use = s.rule
	}
	if use == nil {
		return nil
	}
	value := map[string]any{}
	for key, item := range p.value {
		// Keys such as _match_route_ are the SDK's, unless the plugin has one of that form itself.
		if !strings.HasPrefix(key, "_") || !strings.HasSuffix(key, "_") || use.compiled.Properties[key] != nil {
			value[key] = item
		}
	}
	instance, err := plain(value)
	if err != nil {
		return []violation{{message: err.Error()}}
	}
	var out []violation
	var invalid *jsonschema.ValidationError
	if err := use.compiled.Validate(instance); errors.As(err, &invalid) {
		out = flatten(invalid)
	} else if err != nil {
		out = []violation{{message: err.Error()}}
	}
	return append(out, unknown(use.compiled, instance, nil)...)
}

var english = message.NewPrinter(language.English)

// flatten returns the leaves of an error, with alternatives in one sentence.
func flatten(e *jsonschema.ValidationError) []violation {
	switch k := e.ErrorKind.(type) {
	case *kind.AnyOf:
		return alternatives(e)
	case *kind.OneOf:
		if k.Subschemas == nil {
			return alternatives(e)
		}
		return []violation{{path: e.InstanceLocation, message: "fits more than one of the alternatives that exclude each other"}}
	case *kind.Required:
		return []violation{{path: e.InstanceLocation, message: "required, and missing: " + strings.Join(k.Missing, ", ")}}
	case *kind.Pattern: // the library's text holds the value, which may be a secret
		return []violation{{path: e.InstanceLocation, message: "does not match the pattern " + k.Want}}
	}
	if len(e.Causes) == 0 {
		return []violation{{path: e.InstanceLocation, message: e.ErrorKind.LocalizedString(english)}}
	}
	var out []violation
	for _, cause := range e.Causes {
		out = append(out, flatten(cause)...)
	}
	return out
}

// alternatives words an anyOf or oneOf of which nothing fits.
func alternatives(e *jsonschema.ValidationError) []violation {
	var missing, texts []string
	for _, cause := range e.Causes {
		for _, v := range flatten(cause) {
			if name, ok := strings.CutPrefix(v.message, "required, and missing: "); ok && len(v.path) == len(e.InstanceLocation) {
				missing = append(missing, name)
			}
			texts = append(texts, v.message)
		}
	}
	if len(missing) == len(texts) {
		return []violation{{path: e.InstanceLocation, message: "one of these is required: " + strings.Join(missing, "; ")}}
	}
	slices.Sort(texts)
	return []violation{{path: e.InstanceLocation, message: "fits none of the alternatives: " + strings.Join(slices.Compact(texts), "; ")}}
}

// unknown notes fields that the schema does not describe, which are mostly misspelt. It looks where the schema is plain:
// a part with alternatives of its own shape may know fields that are not seen here.
func unknown(s *jsonschema.Schema, value any, path []string) []violation {
	return unknownIn([]*jsonschema.Schema{s}, value, path)
}

// unknownIn is unknown for a value that several schemas describe together.
func unknownIn(schemas []*jsonschema.Schema, value any, path []string) []violation {
	var all []*jsonschema.Schema
	for _, s := range schemas {
		if s = followed(s); s == nil {
			return nil
		}
		all = append(all, s)
	}
	var out []violation
	switch v := value.(type) {
	case map[string]any:
		if !allPlain(all) {
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := append(path[:len(path):len(path)], key)
			var properties []*jsonschema.Schema
			for _, s := range all {
				if property := s.Properties[key]; property != nil {
					properties = append(properties, property)
				}
			}
			if properties == nil {
				out = append(out, violation{path: at, message: "unknown field: the plugin does not read it", note: true})
				continue
			}
			out = append(out, unknownIn(properties, v[key], at)...)
		}
	case []any:
		items := itemsOf(all)
		for i := range v {
			out = append(out, unknownIn(items, v[i], append(path[:len(path):len(path)], fmt.Sprint(i)))...)
		}
	}
	return out
}

// followed is what a mere reference leads to.
func followed(s *jsonschema.Schema) *jsonschema.Schema {
	for s != nil && s.Ref != nil && s.Properties == nil && s.Items == nil && s.Items2020 == nil {
		s = s.Ref
	}
	return s
}

// itemsOf collects what schemas, and what they are all of, say of a list's items; a schema without properties says
// nothing.
func itemsOf(schemas []*jsonschema.Schema) []*jsonschema.Schema {
	var items []*jsonschema.Schema
	for _, s := range schemas {
		if s.Items2020 != nil && (followed(s.Items2020).Properties != nil || s.AllOf == nil) {
			items = append(items, s.Items2020)
		}
		for _, part := range s.AllOf {
			if part = followed(part); part != nil {
				items = append(items, itemsOf([]*jsonschema.Schema{part})...)
			}
		}
	}
	if items == nil {
		return []*jsonschema.Schema{nil}
	}
	return items
}

func allPlain(schemas []*jsonschema.Schema) bool {
	for _, s := range schemas {
		if !plainObject(s) {
			return false
		}
	}
	return true
}

// plainObject reports whether the schema's properties are all that it knows.
func plainObject(s *jsonschema.Schema) bool {
	if len(s.Properties) == 0 || s.Ref != nil || s.PatternProperties != nil || s.AdditionalProperties != nil || s.If != nil || len(s.AllOf) > 0 {
		return false
	}
	for _, alternative := range append(slices.Clone(s.AnyOf), s.OneOf...) {
		if len(alternative.Properties) > 0 || alternative.Ref != nil {
			return false
		}
	}
	return true
}
