package main

import "github.com/wasmplane/wasmplane/extensions/internal/body"

// readable is a body that has been read and understood: JSON, or a form.
type readable struct {
	json string // valid
	form body.Fields
}

// texts returns the values as text: of JSON one, none if it is null or empty; of a form those of the name.
func (r *readable) texts(from *body.Query, name string) ([]string, bool) {
	if r.form != nil {
		values, err := r.form.Values(name)
		return values, err == nil && len(values) > 0
	}
	raw, _ := from.In(r.json)
	if text := body.Text(raw); raw != "null" && text != "" {
		return []string{text}, true
	}
	return nil, false
}

// lookUp finds the values of a map item's source, among those of own if the source is what is edited.
func (e *exchange) lookUp(i *item, own fields) ([]string, bool) {
	if i.source == i.section {
		values, ok := own[i.key]
		return values, ok
	}
	switch i.source {
	case inHeaders:
		values, ok := e.headers[i.key]
		return values, ok
	case inQuerys:
		if e.response {
			e.warn(i.label + ": responses have no query, so nothing is mapped")
			return nil, false
		}
		values, ok := e.querySource()[i.key]
		return values, ok
	}
	if e.body == nil {
		e.warn(i.label + ": there is no body to map from, so nothing is mapped")
		return nil, false
	}
	return e.body.texts(&i.from, i.key)
}
