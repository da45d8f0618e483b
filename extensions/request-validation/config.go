package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/extensions/request-validation/schema"
	"github.com/wasmplane/wasmplane/pkg/log"
)

const defaultStatus = 403

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global

	header *schema.Schema // nil: headers may be anything
	body   *schema.Schema // nil: bodies are not read
	// skipUnreadable lets the bodies pass that the Higress plugin does not read.
	skipUnreadable bool

	status  uint32
	message []byte
}

// parseConfig reads a configuration.
func parseConfig(o field.Object, config *Config) error {
	draft, err := parseDraft(o)
	if err != nil {
		return err
	}
	if config.header, err = parseSchema(o, "header_schema", draft); err != nil {
		return err
	}
	if config.body, err = parseSchema(o, "body_schema", draft); err != nil {
		return err
	}
	if config.skipUnreadable, _, err = o.Bool("skip_unreadable_body"); err != nil {
		return err
	}
	config.status = parseStatus(o)
	message, _, err := o.String("rejected_msg")
	config.message = []byte(message)
	return err
}

func parseDraft(o field.Object) (schema.Draft, error) {
	swagger, _, err := o.Bool("enable_swagger")
	if err != nil {
		return 0, err
	}
	openAPI, _, err := o.Bool("enable_oas3")
	switch {
	case err != nil:
		return 0, err
	case swagger && openAPI:
		return 0, errors.New("enable_swagger and enable_oas3 can not be true at the same time")
	case swagger:
		return schema.Draft4, nil
	}
	return schema.Draft7, nil
}

// parseSchema reads a schema: an object, or a string that holds one; nil where it is absent or empty.
func parseSchema(o field.Object, key string, draft schema.Draft) (*schema.Schema, error) {
	value := o.Get(key)
	source := value.Raw
	switch {
	case value.Type == gjson.String && value.Str == "", !value.Exists():
		return nil, nil
	case value.Type == gjson.String:
		source = value.Str
	case !value.IsObject():
		return nil, o.FieldError(key, "must be an object, or a string that holds one as JSON")
	}
	// The configuration, of which the source is a part, is not kept for it.
	compiled, err := schema.Compile(strings.Clone(source), draft)
	if err == nil {
		return compiled, nil
	}
	if place, problem, ok := strings.Cut(err.Error(), ": "); ok && strings.HasPrefix(place, "/") {
		return nil, o.FieldError(key+place, problem)
	}
	return nil, o.FieldError(key, err.Error())
}

// parseStatus reads rejected_code. What is no status stands for the default: with a load error the gateway would let
// everything pass that it refuses today.
func parseStatus(o field.Object) uint32 {
	status, err := refusal.Status(o, "rejected_code", defaultStatus)
	if err != nil {
		log.Error(err.Error() + ", 403 is used")
		return defaultStatus
	}
	return status
}
