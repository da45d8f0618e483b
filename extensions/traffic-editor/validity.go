package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// checkHeader tells why a header of the message cannot have these values; nil if it can.
func (m *message) checkHeader(name string, values []string) error {
	if !httpheader.IsNameOrPseudo(name) {
		return errors.New("no header can have the name " + name)
	}
	for _, value := range values {
		if !httpheader.IsValue(value) {
			return errors.New("the new value of " + name + " has a line break or another control character")
		}
	}
	if !strings.HasPrefix(name, ":") {
		return nil
	}
	if len(values) != 1 || !m.isPseudo(name, values[0]) {
		return errors.New("the " + name + " header of the " + m.what() + " cannot be what it would become")
	}
	return nil
}

func (m *message) what() string {
	if m.response {
		return "response"
	}
	return "request"
}

// isPseudo tells whether the message can have a pseudo header with that value (RFC 9113, section 8.3), so that it
// means one message in HTTP/1.1, too.
func (m *message) isPseudo(name, value string) bool {
	if m.response {
		return name == ":status" && len(value) == 3 && '2' <= value[0] && value[0] <= '5' && strings.Trim(value, "0123456789") == ""
	}
	switch name {
	case ":path":
		return (strings.HasPrefix(value, "/") || value == "*") && !strings.ContainsAny(value, " \t")
	case ":authority":
		return value != "" && !strings.ContainsAny(value, " \t/?#")
	case ":method":
		return httpheader.IsNameOrPseudo(value) && value[0] != ':'
	case ":scheme":
		return value == "http" || value == "https"
	}
	return false
}
