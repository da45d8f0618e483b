package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/status"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// condition limits a rule or an item to some messages. All that is set must hold.
type condition struct {
	hosts, paths, methods, consumers, statuses []string
	headers, querys                            []named
}

// named is a header or parameter of which one value must be one of the texts.
type named struct {
	name  string
	texts []string
}

// parseWhen reads a condition; none if it is absent.
func parseWhen(json gjson.Result, label, direction string) ([]*condition, error) {
	if !json.Exists() || json.Type == gjson.Null {
		return nil, nil
	}
	if !json.IsObject() {
		return nil, errors.New(label + ": must be an object")
	}
	c := &condition{}
	var err error
	json.ForEach(func(key, value gjson.Result) bool {
		o := field.Of(json)
		switch key.Str {
		case "host":
			c.hosts, err = texts(o, key.Str)
			for n, host := range c.hosts {
				c.hosts[n] = authority.Host(host)
			}
		case "path":
			c.paths, err = texts(o, key.Str)
		case "method":
			c.methods, err = texts(o, key.Str)
		case "consumer":
			c.consumers, err = texts(o, key.Str)
		case "status":
			if c.statuses, err = parseStatuses(value); err == nil && direction == "request" {
				err = errors.New("status: requests have none")
			}
		case "header":
			c.headers, err = parseNamed(o, key.Str)
			for n := range c.headers {
				c.headers[n].name = strings.ToLower(c.headers[n].name)
			}
		case "query":
			c.querys, err = parseNamed(o, key.Str)
		default:
			err = errors.New(key.Str + ": must be one of host, path, method, header, query, consumer, status")
		}
		return err == nil
	})
	if err != nil {
		return nil, errors.New(label + "." + err.Error())
	}
	return []*condition{c}, nil
}

func texts(o field.Object, key string) ([]string, error) {
	list, _, err := o.Strings(key)
	if err == nil && len(list) == 0 {
		err = o.FieldError(key, "must not be empty")
	}
	return list, err
}

func parseNamed(o field.Object, key string) ([]named, error) {
	object, set, err := o.Object(key)
	if err != nil || !set {
		return nil, err
	}
	var all []named
	object.JSON().ForEach(func(name, _ gjson.Result) bool {
		one := named{name: name.Str}
		one.texts, err = texts(field.Of(object.JSON()), gjson.Escape(name.Str))
		all = append(all, one)
		return err == nil
	})
	if err != nil {
		return nil, errors.New(key + "." + err.Error())
	}
	return all, nil
}

func parseStatuses(value gjson.Result) ([]string, error) {
	var statuses []string
	for _, one := range value.Array() {
		pattern, ok := status.Parse(one.String())
		if !ok {
			return nil, errors.New("status: must be a status such as 200, or a class such as 5xx, not " + one.Raw)
		}
		statuses = append(statuses, pattern)
	}
	if statuses == nil {
		return nil, errors.New("status: must not be empty")
	}
	return statuses, nil
}

// applying returns the items whose conditions hold.
func (e *exchange) applying(items []*item) []*item {
	for n, i := range items {
		if e.fits(i) {
			continue
		}
		some := slices.Clone(items[:n])
		for _, i := range items[n+1:] {
			if e.fits(i) {
				some = append(some, i)
			}
		}
		return some
	}
	return items
}

func (e *exchange) fits(i *item) bool {
	for _, c := range i.when {
		if !c.holds(e) {
			return false
		}
	}
	return true
}

func (c *condition) holds(e *exchange) bool {
	if c.hosts != nil && !slices.ContainsFunc(c.hosts, func(pattern string) bool { return hostMatches(authority.Host(e.host), pattern) }) {
		return false
	}
	if c.paths != nil {
		bare, _, _ := strings.Cut(e.received, "?")
		if !matchesOne(bare, c.paths) {
			return false
		}
	}
	if c.methods != nil && !slices.Contains(c.methods, e.ctx.Method()) {
		return false
	}
	if c.consumers != nil && !matchesOne(e.requestHeader(httpheader.Consumer), c.consumers) {
		return false
	}
	if c.statuses != nil && !status.MatchesAny(c.statuses, e.status) {
		return false
	}
	for i := range c.headers {
		if !slices.ContainsFunc(httpheader.Values(wrapper.RequestHeaders(e.ctx), c.headers[i].name), c.headers[i].matches) {
			return false
		}
	}
	for i := range c.querys {
		if !slices.ContainsFunc(e.receivedQuery()[c.querys[i].name], c.querys[i].matches) {
			return false
		}
	}
	return true
}

func (n *named) matches(value string) bool { return matchesOne(value, n.texts) }

// matchesOne compares with texts, in which a trailing * stands for any rest.
func matchesOne(value string, texts []string) bool {
	for _, text := range texts {
		if prefix, open := strings.CutSuffix(text, "*"); open && strings.HasPrefix(value, prefix) || value == text {
			return true
		}
	}
	return false
}

func hostMatches(host, pattern string) bool {
	suffix, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix(host, suffix) && len(host) > len(suffix) || host == pattern
}
