package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/status"
)

// command is one edit.
type command struct {
	kind        string
	target      ref            // what is written; for rename the new name
	source      ref            // of copy; of rename the old name
	value       string         // of set, add and append
	parts       []part         // of concat
	pattern     *regexp.Regexp // of regex_replace
	replacement string
	statuses    []string // of responses, as "404" or "5xx"; nil: all
}

// part is a piece of a concatenation: the first value of a field, or a text.
type part struct {
	from  ref
	text  string
	isRef bool
}

func parseCommand(json gjson.Result) (command, error) {
	c := command{kind: json.Get("type").String()}
	var err error
	switch c.kind {
	case "":
		return c, errors.New("command type is required")
	case "set", "add", "append":
		err = c.parseValue(json)
	case "concat":
		err = c.parseConcat(json)
	case "copy":
		err = c.parseCopy(json)
	case "delete":
		err = c.parseDelete(json)
	case "rename":
		err = c.parseRename(json)
	case "regex_replace":
		err = c.parseReplace(json)
	default:
		return c, errors.New("unknown command type: " + c.kind)
	}
	if err == nil {
		err = c.parseStatuses(json.Get("onStatus"))
	}
	if err != nil {
		name := c.kind + "Command"
		if c.kind == "regex_replace" {
			name = "regexReplaceCommand"
		}
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// parseField reads a reference that must be there.
func parseField(json gjson.Result, key string, parse func(gjson.Result) (ref, error)) (ref, error) {
	value := json.Get(key)
	if !value.Exists() {
		return ref{}, errors.New(key + " field is required")
	}
	r, err := parse(value)
	if err != nil {
		return r, fmt.Errorf("failed to create ref from %s field: %w", key, err)
	}
	return r, nil
}

func (c *command) parseValue(json gjson.Result) (err error) {
	if c.target, err = parseField(json, "target", parseTarget); err != nil {
		return err
	}
	value := json.Get("value")
	if !value.Exists() {
		return errors.New("value field is required")
	}
	if c.value = value.String(); c.value == "" {
		return errors.New("value cannot be empty")
	}
	if c.kind == "append" && strings.HasPrefix(c.target.name, ":") {
		return errors.New(c.target.name + " has one value")
	}
	return nil
}

func (c *command) parseConcat(json gjson.Result) (err error) {
	if c.target, err = parseField(json, "target", parseTarget); err != nil {
		return err
	}
	values := json.Get("values")
	if !values.IsArray() {
		return errors.New("values field is required and must be an array")
	}
	for _, value := range values.Array() {
		if !value.IsObject() {
			c.parts = append(c.parts, part{text: value.String()})
			continue
		}
		from, err := parseRef(value)
		if err != nil {
			return fmt.Errorf("failed to create ref from values field: %w", err)
		}
		if err := c.checkStages("value", from); err != nil {
			return err
		}
		c.parts = append(c.parts, part{from: from, isRef: true})
	}
	return nil
}

func (c *command) parseCopy(json gjson.Result) (err error) {
	if c.source, err = parseField(json, "source", parseRef); err != nil {
		return err
	}
	if c.target, err = parseField(json, "target", parseTarget); err != nil {
		return err
	}
	return c.checkStages("source", c.source)
}

// checkStages refuses what is not there yet when the target is written.
func (c *command) checkStages(what string, from ref) error {
	if from.kind != responseHeader || c.target.kind == responseHeader {
		return nil
	}
	return errors.New("the processing stage of " + what + " [" + from.stage() + "] cannot be after the stage of target [" + c.target.stage() + "]")
}

func (c *command) parseDelete(json gjson.Result) (err error) {
	if c.target, err = parseField(json, "target", parseTarget); err != nil {
		return err
	}
	name := strings.ToLower(json.Get("target.name").String())
	isHeader := c.target.kind == requestHeader || c.target.kind == responseHeader
	if isHeader && slices.Contains([]string{":path", ":authority", ":method", ":status"}, name) {
		return errors.New(name + " cannot be deleted")
	}
	return nil
}

// parseRename reads either form: target and newName, or source and target.
func (c *command) parseRename(json gjson.Result) (err error) {
	if c.target, err = parseField(json, "target", parseTarget); err != nil {
		return err
	}
	if name := json.Get("newName").String(); name != "" || !json.Get("source").Exists() {
		if name == "" {
			return errors.New("newName field is required")
		}
		c.source = c.target
		if c.target, err = newRef(c.source.kind, name); err != nil {
			return err
		}
		return c.target.checkTarget()
	}
	if c.source, err = parseField(json, "source", parseTarget); err != nil {
		return err
	}
	if c.source.kind != c.target.kind {
		return errors.New("source and target must have the same type")
	}
	return nil
}

func (c *command) parseReplace(json gjson.Result) (err error) {
	if c.target, err = parseField(json, "target", parseTarget); err != nil {
		return err
	}
	pattern := json.Get("pattern").String()
	if pattern == "" {
		return errors.New("pattern field is required")
	}
	if c.pattern, err = regexp.Compile(pattern); err != nil {
		return fmt.Errorf("failed to compile pattern: %w", err)
	}
	c.replacement = json.Get("replacement").String()
	return nil
}

func (c *command) parseStatuses(json gjson.Result) error {
	if !json.Exists() || json.Type == gjson.Null {
		return nil
	}
	if c.target.kind != responseHeader {
		return errors.New("onStatus: needs a response_header as target")
	}
	for _, item := range json.Array() {
		pattern, ok := status.Parse(item.String())
		if !ok {
			return errors.New(`onStatus: must be a status such as 404 or "5xx", not ` + item.Raw)
		}
		c.statuses = append(c.statuses, pattern)
	}
	if c.statuses == nil {
		return errors.New("onStatus: must not be empty")
	}
	return nil
}
