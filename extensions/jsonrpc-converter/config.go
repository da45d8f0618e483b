package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
)

const (
	defaultLength = 4000      // bytes of a header's value
	defaultBody   = 100 << 20 // bytes
	defaultEvent  = 64 << 10  // bytes
)

// The instances. That of requests stands near the client, that of responses near the backend.
const (
	stageRequest  = "request"
	stageResponse = "response"
)

// Config is the global configuration, or that of a rule; a rule inherits nothing.
type Config struct {
	independent.Global
	publishesRequests bool // otherwise responses
	maxLength         int  // bytes of a header's value before it is shortened
	methods           methods
	arguments         []argument
	names             map[string]bool // headers that the plugin sets, in lower case
	maxBody           uint32          // bytes
	keepsRoute        bool
	eventStreams      bool
	maxEvent          int // bytes of an event stream up to the end of its first event with data
}

// argument is an argument of a tool with a header of its own.
type argument struct {
	path   body.Path
	header string // in lower case
}

// parseConfig reads the global configuration, or a rule. The older fields have the types that they always had.
func parseConfig(o field.Object, config *Config) error {
	stage, err := strict(o, "stage", gjson.String)
	if err != nil {
		return err
	}
	if stage.Str != stageRequest && stage.Str != stageResponse {
		return errors.New("invalid mcp-converter stage: " + stage.Str + ", must be 'request' or 'response'")
	}
	config.publishesRequests = stage.Str == stageRequest
	length, err := strict(o, "max_header_length", gjson.Number)
	if err != nil {
		return err
	}
	if strings.ContainsAny(length.Raw, ".eE") {
		return refused("max_header_length: must be a whole number, not " + length.Raw)
	}
	if config.maxLength = int(length.Int()); config.maxLength <= 0 {
		config.maxLength = defaultLength
	}
	if config.methods, err = parseMethods(o); err != nil {
		return err
	}
	if config.arguments, err = parseArguments(o); err != nil {
		return err
	}
	config.names = headersOf(config.arguments)
	maxBody, err := o.IntOr("max_body_bytes", 1, body.MostBytes, defaultBody)
	if err != nil {
		return err
	}
	config.maxBody = uint32(maxBody)
	if config.keepsRoute, _, err = o.Bool("disable_reroute"); err != nil {
		return err
	}
	if config.eventStreams, _, err = o.Bool("event_streams"); err != nil {
		return err
	}
	maxEvent, err := o.IntOr("max_event_bytes", 1, body.MostBytes, defaultEvent)
	config.maxEvent = int(maxEvent)
	return err
}

// strict reads a field that has one type alone, or is null or absent.
func strict(o field.Object, key string, kind gjson.Type) (gjson.Result, error) {
	v := o.Get(key)
	if v.Exists() && v.Type != kind {
		return v, refused(key + ": must be a " + strings.ToLower(kind.String()) + ", not " + v.Raw)
	}
	return v, nil
}

func refused(problem string) error {
	return errors.New("failed to parse mcp-converter config: " + problem)
}

func parseArguments(o field.Object) ([]argument, error) {
	list, _, err := o.Objects("argument_headers")
	if err != nil {
		return nil, err
	}
	var arguments []argument
	seen := headersOf(nil)
	for _, item := range list {
		path, err := item.Required("argument")
		if err != nil {
			return nil, err
		}
		header, set, err := item.String("header")
		if err != nil {
			return nil, err
		}
		if !set {
			header = argumentPrefix + path
		}
		header = strings.ToLower(header)
		if !isOwnName(header) {
			return nil, item.FieldError("header", `must be a header name that begins with "x-", not "`+header+`"`)
		}
		if seen[header] {
			return nil, item.FieldError("header", header+" is set already")
		}
		seen[header] = true
		arguments = append(arguments, argument{body.ParsePath(path), header})
	}
	return arguments, nil
}

// isOwnName tells whether a name, in lower case, is that of a header that no protocol needs: the plugin removes what clients
// send under it.
func isOwnName(name string) bool {
	return httpheader.IsName(name) && strings.HasPrefix(name, "x-") && len(name) > len("x-")
}
