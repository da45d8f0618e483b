package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// message are the headers of a request or response under edit. The zero message has none.
type message struct {
	response bool
	status   string      // of the response as it was received
	received [][2]string // shared, not changed
	headers  [][2]string // received, or a copy once something was edited
	edited   []string    // names of headers that were edited
	query    *parameters // of a request; nil until asked for
}

func newMessage(headers [][2]string, response bool) *message {
	m := &message{response: response, received: headers, headers: headers}
	if response {
		m.status, _ = m.header(":status")
	}
	return m
}

// any tells whether a value of the field passes the test.
func (m *message) any(of ref, test func(value string) bool) bool {
	switch of.kind {
	case requestQuery:
		return m.parameters().any(of.name, test)
	case requestCookie:
		return slices.ContainsFunc(m.headers, func(h [2]string) bool { return h[0] == "cookie" && anyCookie(h[1], of.name, test) })
	case requestPath:
		path, ok := m.header(":path")
		bare, _, _ := strings.Cut(path, "#")
		bare, _, _ = strings.Cut(bare, "?")
		return ok && test(bare)
	case requestMethod:
		of.name = ":method"
	}
	return slices.ContainsFunc(m.headers, func(h [2]string) bool { return h[0] == of.name && test(h[1]) })
}

func (m *message) has(of ref) bool { return m.any(of, func(string) bool { return true }) }

// first is the first value of the field, "" where there is none.
func (m *message) first(of ref) (first string) {
	m.any(of, func(value string) bool {
		first = value
		return true
	})
	return first
}

func (m *message) values(of ref) (all []string) {
	m.any(of, func(value string) bool {
		all = append(all, value)
		return false
	})
	return all
}

func (m *message) header(name string) (string, bool) { return httpheader.Find(m.headers, name) }

// check tells why a field cannot be without its value; nil if it can.
func (m *message) check(of ref) error {
	if of.kind != requestQuery && strings.HasPrefix(of.name, ":") {
		return errors.New("the " + of.name + " header cannot be removed")
	}
	return nil
}

// set gives the field these values and no others; without values it is removed. On an error nothing changes.
func (m *message) set(of ref, values ...string) error {
	switch of.kind {
	case requestQuery:
		return m.setParameter(of.name, values)
	case requestCookie:
		return m.setCookie(of.name, values)
	}
	if err := m.checkHeader(of.name, values); err != nil {
		return err
	}
	m.setHeader(of.name, values)
	if of.name == ":path" {
		m.query = nil
	}
	return nil
}

// setHeader puts the values where the header stands, or at the end.
func (m *message) setHeader(name string, values []string) {
	out := make([][2]string, 0, len(m.headers)+len(values))
	placed := false
	place := func() {
		for _, value := range values {
			out = append(out, [2]string{name, value})
		}
		placed = true
	}
	for _, h := range m.headers {
		if h[0] != name {
			out = append(out, h)
			continue
		}
		if !placed {
			place()
		}
	}
	if !placed {
		place()
	}
	m.headers = out
	if !slices.Contains(m.edited, name) {
		m.edited = append(m.edited, name)
	}
}

// write tells the host what has changed. Everything else keeps its place and spelling.
func (m *message) write(remove func(name string) error, replace, add func(name, value string) error) {
	for _, name := range m.edited {
		values := httpheader.Values(m.headers, name)
		if slices.Equal(values, httpheader.Values(m.received, name)) {
			continue
		}
		if err := writeHeader(name, values, remove, replace, add); err != nil {
			log.Warn("the header " + name + " cannot be written: " + err.Error())
		}
	}
}

func writeHeader(name string, values []string, remove func(name string) error, replace, add func(name, value string) error) error {
	if len(values) == 0 {
		return remove(name)
	}
	if err := replace(name, values[0]); err != nil {
		return err
	}
	for _, value := range values[1:] {
		if err := add(name, value); err != nil {
			return err
		}
	}
	return nil
}
