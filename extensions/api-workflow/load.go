package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// Names that are no nodes.
const (
	startName    = "start"
	endName      = "end"
	continueName = "continue"
	statusName   = "workflowExecStatus"
	requestName  = "request" // of references; a node may have it
)

// loader builds the graph of a configuration.
type loader struct {
	config   *Config
	index    map[string]int // of nodes by name
	warnings []string
}

func (l *loader) warn(text string) { l.warnings = append(l.warnings, text) }

func (l *loader) nodes(workflow field.Object, timeout uint32) error {
	if v := workflow.Get("nodes"); v.Exists() && !v.IsArray() {
		l.warn("workflow.nodes: is no list, so there are no nodes")
		return nil
	}
	list, _, err := workflow.Objects("nodes")
	if err != nil {
		return err
	}
	for i, o := range list {
		name, _, err := o.String("name")
		switch {
		case err != nil:
			return err
		case name == "":
			return o.Error("tool name is empty")
		case name == startName || name == endName || name == continueName || name == statusName:
			return o.FieldError("name", "must not be the reserved name "+name)
		}
		if _, ok := l.index[name]; ok {
			return o.FieldError("name", "there is another node "+name)
		}
		l.index[name] = i
	}
	l.config.nodes = make([]node, len(list))
	l.config.incoming = make([]int, len(list))
	for i, o := range list {
		if err := l.node(o, timeout, &l.config.nodes[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) edges(workflow field.Object) error {
	list, _, err := workflow.Objects("edges")
	if err != nil {
		return err
	}
	for _, o := range list {
		source, e, err := l.edge(o, workflow.Get("nodes").IsArray())
		if err != nil {
			return err
		}
		if e.target >= 0 {
			l.config.incoming[e.target]++
		}
		if source == startName {
			e.from = startStep
			l.config.start = append(l.config.start, e)
		} else if i, ok := l.index[source]; ok {
			e.from = i
			n := &l.config.nodes[i]
			n.edges = append(n.edges, e)
			n.hasFailureEdge = n.hasFailureEdge || e.onFailure
		} else {
			l.warn(o.Place("source") + ": there is no node " + source)
		}
	}
	return nil
}

func (l *loader) edge(o field.Object, nodesAreListed bool) (source string, e edge, err error) {
	if source, _, err = o.String("source"); err != nil {
		return "", e, err
	}
	if source == "" {
		return "", e, o.Error("source is empty")
	}
	if e.targetName, _, err = o.String("target"); err != nil {
		return "", e, err
	}
	if e.targetName == "" {
		return "", e, o.Error("target is empty")
	}
	e.source = source
	if e.target, err = l.target(source, e.targetName, nodesAreListed); err != nil {
		return "", e, err
	}
	condition, _, err := o.String("conditional")
	if err != nil {
		return "", e, err
	}
	if strings.TrimSpace(condition) != "" {
		e.condition = l.condition(o.Place("conditional"), condition)
	}
	if e.onFailure, err = onFailure(o); err != nil {
		return "", e, err
	}
	if e.onFailure && source == startName {
		return "", e, o.FieldError("on", "the start cannot fail")
	}
	if err = l.ending(o, &e); err != nil {
		return "", e, err
	}
	return source, e, l.passing(o, &e)
}

// onUnquoted is what YAML 1.1, and so Kubernetes, makes of the field name `on` without quotes.
const onUnquoted = "true"

// onFailure tells whether an edge is taken after a failure.
func onFailure(o field.Object) (bool, error) {
	key := "on"
	if o.Has(onUnquoted) {
		if o.Has(key) {
			return false, o.FieldError(key, "is there twice, with and without quotes; YAML reads on without quotes as true")
		}
		key = onUnquoted
	}
	on, err := o.Enum(key, "success", "failure")
	if err != nil && key == onUnquoted {
		return false, o.FieldError("on", strings.TrimPrefix(err.Error(), o.Place(key)+": "))
	}
	return on == "failure", err
}

// target finds where an edge leads. Unknown nodes are errors of the load where they have always been.
func (l *loader) target(source, name string, nodesAreListed bool) (int, error) {
	switch name {
	case endName:
		return toEnd, nil
	case continueName:
		return toBackend, nil
	}
	if i, ok := l.index[name]; ok {
		return i, nil
	}
	if source != startName && nodesAreListed {
		return 0, errors.New("init workflow exec status failed, err:Target " + name + " is not exist in nodes")
	}
	l.warn("an edge leads to " + name + ", which is no node")
	return toNowhere, nil
}

// ending reads what an edge to the end says of the answer.
func (l *loader) ending(o field.Object, e *edge) error {
	status, set, err := o.Int("status", 200, 599)
	if err != nil {
		return err
	}
	if set && e.target != toEnd {
		return o.FieldError("status", "is for edges to end")
	}
	e.status = uint32(status)
	if e.contentType, set, err = o.String("content_type"); err != nil {
		return err
	}
	if set && e.target != toEnd {
		return o.FieldError("content_type", "is for edges to end")
	}
	if !httpheader.IsValue(e.contentType) {
		return o.FieldError("content_type", "must not have control characters")
	}
	return nil
}

// passing reads what an edge to the backend changes in the request.
func (l *loader) passing(o field.Object, e *edge) error {
	headers, set, err := o.Objects("set_headers")
	if err != nil {
		return err
	}
	if set && e.target != toBackend {
		return o.FieldError("set_headers", "is for edges to continue")
	}
	for _, item := range headers {
		name, err := item.Required("key")
		if err != nil {
			return err
		}
		if name = strings.ToLower(name); !isSettable(name) {
			return item.FieldError("key", "must be the name of a header that is not the connection's, not "+name)
		}
		value, err := item.Required("value")
		if err != nil {
			return err
		}
		text, err := l.template(value)
		if err != nil {
			return item.FieldError("value", err.Error())
		}
		e.headers = append(e.headers, header{name, text})
		if !slices.Contains(l.config.setHeaders, name) {
			l.config.setHeaders = append(l.config.setHeaders, name)
		}
	}
	if e.body, err = l.replacements(o, "set_body"); err != nil {
		return err
	}
	if len(e.body) > 0 && e.target != toBackend {
		return o.FieldError("set_body", "is for edges to continue")
	}
	return nil
}

// replacements reads a list of from and to.
func (l *loader) replacements(o field.Object, key string) ([]replacement, error) {
	v := o.Get(key)
	if !v.Exists() {
		return nil, nil
	}
	if !v.IsArray() {
		return nil, o.FieldError(key, "must be a list")
	}
	var list []replacement
	for i, item := range v.Array() {
		from, to := item.Get("from"), item.Get("to")
		if !item.IsObject() || !isText(from) || !isText(to) {
			return nil, o.FieldError(field.Item(key, i), "must be an object with the texts from and to")
		}
		list = append(list, replacement{l.reference(o.Place(field.Item(key, i)), from.Str), to.Str})
	}
	return list, nil
}

// isText tells whether a value is a string, or not there.
func isText(v gjson.Result) bool { return v.Type == gjson.String || v.Type == gjson.Null }

// inspect warns of what can only answer errors.
func (l *loader) inspect() {
	if len(l.config.start) == 0 {
		l.warn("workflow.edges: none begins at start, so every request is refused")
	}
	waiting := slices.Clone(l.config.incoming)
	reach := func(edges []edge) (ready []int) {
		for i := range edges {
			if n := edges[i].target; n >= 0 {
				if waiting[n]--; waiting[n] == 0 {
					ready = append(ready, n)
				}
			}
		}
		return ready
	}
	for queue := reach(l.config.start); len(queue) > 0; queue = queue[1:] {
		queue = append(queue, reach(l.config.nodes[queue[0]].edges)...)
	}
	for i, left := range waiting {
		if left > 0 || l.config.incoming[i] == 0 {
			l.warn("node " + l.config.nodes[i].name + " never runs: nothing leads to it, or it waits for itself")
		}
	}
}
