package main

import (
	"crypto/sha256"
	"encoding/binary"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// condition is a test of one source.
type condition struct {
	source
	operator  string // lower case
	values    []string
	pattern   *regexp.Regexp // of "regex"
	threshold int            // of "percentage", 0 to 100
	networks  *address.Set   // of "client_ip" instead of values, where these are compared as a whole
}

func parseCondition(o field.Object) (c condition, err error) {
	if c.source, err = parseSource(o); err != nil {
		return c, err
	}
	operator := text(o, "operator")
	c.operator = strings.ToLower(operator)
	for _, value := range o.Get("value").Array() {
		c.values = append(c.values, value.String())
	}
	if problem := c.checkOperator(operator); problem != "" {
		return c, o.Error(problem)
	}
	if c.operator == "regex" {
		if c.pattern, err = regexp.Compile(c.values[0]); err != nil {
			return c, o.FieldError("value", err.Error())
		}
	}
	return c, c.parseValues(o)
}

// checkOperator says what is wrong with the operator and the number of its values.
func (c *condition) checkOperator(operator string) string {
	switch c.operator {
	case "":
		return "operator cannot be empty"
	case "in", "not_in":
		if len(c.values) == 0 {
			return "value must contain at least one element for 'in' or 'not_in' operators"
		}
	case "percentage":
		if len(c.values) != 1 {
			return "value for 'percentage' must contain exactly one element"
		}
		threshold, err := strconv.Atoi(c.values[0])
		if err != nil {
			return "value for 'percentage' must be a valid integer"
		}
		if threshold < 0 || threshold > 100 {
			return "value for 'percentage' must be greater than 0 and less than 100" // both are allowed; the text is as known
		}
		c.threshold = threshold
	case "equal", "not_equal", "prefix", "regex":
		if len(c.values) != 1 {
			return "value must contain exactly one element for '" + operator + "' operator"
		}
	case "exists", "not_exists":
		if len(c.values) != 0 {
			return "value must be empty for 'exists' and 'not_exists' operators"
		}
	default:
		return "invalid operator: '" + operator + "'"
	}
	return ""
}

// parseValues brings hosts into the form in which they are compared, and reads networks.
func (c *condition) parseValues(o field.Object) error {
	whole := slices.Contains([]string{"equal", "not_equal", "in", "not_in"}, c.operator)
	switch {
	case c.kind == "host" && whole:
		for i := range c.values {
			c.values[i] = authority.Host(c.values[i])
		}
	case c.kind == "host" && c.operator == "prefix":
		c.values[0] = strings.ToLower(c.values[0])
	case c.kind == "client_ip" && whole:
		var networks address.Builder
		for i, value := range c.values {
			network, err := address.ParsePrefix(value)
			if err == nil {
				err = networks.Add(network)
			}
			if err != nil {
				return o.FieldError(field.Item("value", i), err.Error())
			}
		}
		c.networks, _ = networks.Build()
	}
	return nil
}

// holds tells whether the condition holds. For what the request does not have only "not_exists" does.
func (c *condition) holds(r *request) bool {
	if c.networks != nil {
		client := r.address()
		in := c.operator == "equal" || c.operator == "in"
		return client.IsValid() && c.networks.Contains(client) == in
	}
	value, ok := c.value(r)
	if c.operator == "not_exists" {
		return !ok
	}
	if !ok {
		return false
	}
	switch c.operator {
	case "equal", "in":
		return slices.Contains(c.values, value)
	case "not_equal", "not_in":
		return !slices.Contains(c.values, value)
	case "prefix":
		return strings.HasPrefix(value, c.values[0])
	case "regex":
		return c.pattern.MatchString(value)
	case "percentage":
		return bucket(value) < c.threshold
	}
	return true // exists
}

// bucket is the place of a value among 100: the first eight bytes of its SHA-256, big-endian, modulo 100. Users stay in
// their lanes only as long as this stays as it is.
func bucket(value string) int {
	sum := sha256.Sum256([]byte(value))
	return int(binary.BigEndian.Uint64(sum[:8]) % 100)
}
