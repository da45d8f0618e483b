package main

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
)

// defaultMaxArgumentBytes is the bound of max_argument_bytes where none is configured.
const defaultMaxArgumentBytes = 64 << 10

// defaultMaxCookies is the bound of max_cookies where none is configured. Browsers keep at most 180 cookies of a site.
const defaultMaxCookies = 200

// maxBodyLimit is the greatest limit of a body, in bytes.
const maxBodyLimit = 1 << 30

// Config is the global configuration, or that of a rule, which inherits nothing.
type Config struct {
	independent.Global

	engine *engine // nil: there are no directives, everything passes
	page   *blockPage
	audit  *auditSettings
}

// settings are the fields of a configuration that directives are made of.
type settings struct {
	useCRS        bool
	rules         []string
	crs           crsSettings
	exclusions    exclusions
	detectionOnly bool
	requestLimit  int64 // 0: what the directives say
	responseLimit int64

	bounds bounds
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	var s settings
	if err := s.parse(o); err != nil {
		return err
	}
	var err error
	if config.page, err = parseBlockPage(o); err != nil {
		return err
	}
	if config.audit, err = parseAudit(o); err != nil {
		return err
	}
	if !s.useCRS && len(s.rules) == 0 {
		return nil
	}
	config.engine, err = engineFor(source{s.assemble(), s.bounds})
	return err
}

func (s *settings) parse(o field.Object) error {
	var err error
	if s.useCRS, _, err = o.Bool("useCRS"); err != nil {
		return err
	}
	if s.rules, err = texts(o, "secRules"); err != nil {
		return err
	}
	if err = s.crs.parse(o, s.useCRS); err != nil {
		return err
	}
	if err = s.exclusions.parse(o); err != nil {
		return err
	}
	if s.detectionOnly, _, err = o.Bool("detection_only"); err != nil {
		return err
	}
	if s.requestLimit, _, err = o.Int("request_body_limit", 1, maxBodyLimit); err != nil {
		return err
	}
	if s.responseLimit, _, err = o.Int("response_body_limit", 1, maxBodyLimit); err != nil {
		return err
	}
	if s.bounds.argumentBytes, err = o.IntOr("max_argument_bytes", 0, maxBodyLimit, defaultMaxArgumentBytes); err != nil {
		return err
	}
	s.bounds.cookies, err = o.IntOr("max_cookies", 0, 1<<20, defaultMaxCookies)
	return err
}

// texts reads a list of strings, which may be empty; a single string is a list of one.
func texts(o field.Object, key string) ([]string, error) {
	v := o.Get(key)
	if v.Type == gjson.String {
		return []string{v.Str}, nil
	}
	if v.Exists() && !v.IsArray() {
		return nil, o.FieldError(key, "must be a list of strings")
	}
	var list []string
	for i, item := range v.Array() {
		if item.Type != gjson.String {
			return nil, o.FieldError(field.Item(key, i), "must be a string")
		}
		list = append(list, item.Str)
	}
	return list, nil
}

// onlyFields refuses an object with a field of another name.
func onlyFields(o field.Object, names ...string) error {
	var err error
	o.JSON().ForEach(func(key, _ gjson.Result) bool {
		for _, name := range names {
			if key.Str == name {
				return true
			}
		}
		err = o.FieldError(key.Str, "is no field of this; there are "+strings.Join(names, ", "))
		return false
	})
	return err
}
