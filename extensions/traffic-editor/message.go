package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// message are the headers of a request or response under edit. The zero message has none.
type message struct {
	pseudo  httpheader.Pseudo // with the received headers, which are shared and not changed
	headers [][2]string       // those received, or a copy once something was edited
	edited  []string          // names of headers that were edited
	query   *parameters       // of a request; nil until asked for
}

func newRequest(headers [][2]string) *message {
	return &message{pseudo: httpheader.Pseudo{Received: headers}, headers: headers}
}

// newResponse makes the message of a response to a request with that method.
func newResponse(headers [][2]string, method string, hasBody bool) *message {
	return &message{pseudo: httpheader.Pseudo{Received: headers, Response: true, Method: method, HasBody: hasBody}, headers: headers}
}

// status is that of a response, as it was received.
func (m *message) status() string { return httpheader.First(m.pseudo.Received, ":status") }

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

// set gives the field these values and no others; without values it is removed. On an error nothing changes.
func (m *message) set(of ref, values ...string) error {
	if err := m.check(of, values); err != nil {
		return err
	}
	return m.put(of, values)
}

// overwrite is set for edits whose point is that the former value goes: a field that cannot have its new value is removed.
// What the message cannot be without stays as it is.
func (m *message) overwrite(of ref, values ...string) error {
	err := m.check(of, values)
	if err == nil {
		return m.put(of, values)
	}
	if m.has(of) && m.check(of, nil) == nil {
		_ = m.put(of, nil) // fails for parameters only, which can have any value
	}
	return err
}

// add gives the field one more value. Those that it has are not asked whether it can have them.
func (m *message) add(of ref, value string) error {
	if err := m.check(of, []string{value}); err != nil {
		return err
	}
	return m.put(of, append(m.values(of), value))
}

// put writes values that the field can have.
func (m *message) put(of ref, values []string) error {
	switch of.kind {
	case requestQuery:
		return m.setParameter(of.name, values)
	case requestCookie:
		m.setCookie(of.name, values)
		return nil
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
func (m *message) write(to httpheader.Writer) {
	for _, name := range m.edited {
		values := httpheader.Values(m.headers, name)
		if slices.Equal(values, httpheader.Values(m.pseudo.Received, name)) {
			continue
		}
		if err := to.Set(name, values); err != nil {
			log.Warn("the header " + name + " cannot be written: " + err.Error())
		}
	}
}
