package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"
)

// condition is a test of the request as it was received.
type condition func(*message) bool

func allHold(conditions []condition, m *message) bool {
	for _, holds := range conditions {
		if !holds(m) {
			return false
		}
	}
	return true
}

func parseCondition(json gjson.Result) (condition, error) {
	kind := json.Get("type").String()
	var c condition
	var err error
	switch kind {
	case "":
		return nil, errors.New("condition type is required")
	case "equals", "prefix", "suffix", "contains", "regex", "present", "absent":
		c, err = parseFieldCondition(kind, json)
	case "not":
		c, err = parseNot(json)
	case "any_of", "all_of":
		c, err = parseSome(kind, json)
	default:
		return nil, errors.New("unknown condition type: " + kind)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to create condition with type %s: %w", kind, err)
	}
	return c, nil
}

// parseFieldCondition reads a condition that holds when a value of a field passes a test.
func parseFieldCondition(kind string, json gjson.Result) (condition, error) {
	key := "value"
	if kind == "equals" {
		key = "value1"
	}
	if !json.Get(key).IsObject() {
		return nil, fmt.Errorf("%sCondition: %s field type must be JSON object", kind, key)
	}
	of, err := parseRef(json.Get(key))
	if err != nil {
		return nil, fmt.Errorf("%sCondition: failed to create ref from %s field: %w", kind, key, err)
	}
	if of.kind == responseHeader {
		return nil, errors.New("condition only supports request refs")
	}
	if kind == "absent" {
		return func(m *message) bool { return !m.any(of, func(string) bool { return true }) }, nil
	}
	test, err := parseTest(kind, json)
	if err != nil {
		return nil, err
	}
	return func(m *message) bool { return m.any(of, test) }, nil
}

func parseTest(kind string, json gjson.Result) (func(value string) bool, error) {
	switch kind {
	case "equals":
		text := json.Get("value2").String()
		return func(value string) bool { return value == text }, nil
	case "prefix":
		text := json.Get("prefix").String()
		return func(value string) bool { return strings.HasPrefix(value, text) }, nil
	case "suffix":
		text := json.Get("suffix").String()
		return func(value string) bool { return strings.HasSuffix(value, text) }, nil
	case "contains":
		part := json.Get("substr")
		if !part.Exists() {
			part = json.Get("part")
		}
		if !part.Exists() {
			return nil, errors.New("containsCondition: substr field is required")
		}
		text := part.String()
		return func(value string) bool { return strings.Contains(value, text) }, nil
	case "regex":
		pattern, err := regexp.Compile(json.Get("pattern").String())
		if err != nil {
			return nil, fmt.Errorf("regexCondition: failed to compile pattern: %w", err)
		}
		return pattern.MatchString, nil
	}
	return func(string) bool { return true }, nil // present
}

func parseNot(json gjson.Result) (condition, error) {
	if !json.Get("condition").IsObject() {
		return nil, errors.New("notCondition: condition field type must be JSON object")
	}
	holds, err := parseCondition(json.Get("condition"))
	if err != nil {
		return nil, fmt.Errorf("condition: %w", err)
	}
	return func(m *message) bool { return !holds(m) }, nil
}

func parseSome(kind string, json gjson.Result) (condition, error) {
	conditions, err := parseConditions(json)
	if err != nil {
		return nil, err
	}
	if len(conditions) == 0 {
		return nil, errors.New("conditions: must not be empty")
	}
	if kind == "all_of" {
		return func(m *message) bool { return allHold(conditions, m) }, nil
	}
	return func(m *message) bool {
		for _, holds := range conditions {
			if holds(m) {
				return true
			}
		}
		return false
	}, nil
}
