package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// check tells why a field cannot have these values; nil if it can. Without values it tells whether the field can be missing.
// Parameters can have any.
func (m *message) check(of ref, values []string) error {
	switch of.kind {
	case requestQuery:
		return nil
	case requestCookie:
		return checkCookie(of.name, values)
	}
	return m.checkHeader(of.name, values)
}

func checkCookie(name string, values []string) error {
	for _, value := range values {
		if strings.IndexByte(value, ';') >= 0 || !httpheader.IsValue(value) {
			return errors.New("the cookie " + name + " cannot have its new value")
		}
	}
	return nil
}

func (m *message) checkHeader(name string, values []string) error {
	if !httpheader.IsNameOrPseudo(name) {
		return errors.New("no header can have the name " + name)
	}
	for _, value := range values {
		if !httpheader.IsValue(value) {
			return errors.New("the new value of " + name + " has a line break or another control character")
		}
	}
	if strings.HasPrefix(name, ":") && !m.pseudo.Allows(name, values) {
		return errors.New("the " + name + " header of the " + m.what() + " cannot be what it would become")
	}
	return nil
}

func (m *message) what() string {
	if m.pseudo.Response {
		return "response"
	}
	return "request"
}
