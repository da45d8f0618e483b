package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/authority"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// exemption describes requests that need no authentication. What is not set does not matter.
type exemption struct {
	path, prefix string // prefix is without a slash at its end
	methods      []string
	hosts        []string // lower case; "*.example.com" for the hosts below
}

func parseExemptions(o field.Object) ([]exemption, error) {
	objects, _, err := o.Objects("exempt")
	if err != nil {
		return nil, err
	}
	var list []exemption
	for _, object := range objects {
		e, err := parseExemption(object)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func parseExemption(o field.Object) (e exemption, err error) {
	if e.path, err = exemptPath(o, "path"); err != nil {
		return e, err
	}
	if e.prefix, err = exemptPath(o, "path_prefix"); err != nil {
		return e, err
	}
	if e.path != "" && e.prefix != "" {
		return e, o.Error("path and path_prefix: only one of them can be set")
	}
	if e.methods, _, err = o.Strings("methods"); err != nil {
		return e, err
	}
	if e.hosts, _, err = o.Strings("hosts"); err != nil {
		return e, err
	}
	for i, host := range e.hosts {
		e.hosts[i] = strings.TrimSuffix(strings.ToLower(host), ".")
	}
	if e.path == "" && e.prefix == "" && len(e.methods) == 0 && len(e.hosts) == 0 {
		return e, o.Error("one of path, path_prefix, methods and hosts must be set")
	}
	e.prefix = strings.TrimSuffix(e.prefix, "/")
	if o.Has("path_prefix") && e.prefix == "" && len(e.methods) == 0 && len(e.hosts) == 0 {
		return e, o.FieldError("path_prefix", "would exempt everything")
	}
	return e, nil
}

func exemptPath(o field.Object, key string) (string, error) {
	if !o.Has(key) {
		return "", nil
	}
	path, err := o.Required(key)
	if err != nil {
		return "", err
	}
	if !plainPath(path) {
		return "", o.FieldError(key, "must begin with /, without empty or dot segments, escapes, semicolons and queries")
	}
	return path, nil
}

// exempts tells whether the request needs no authentication.
func (a *authentication) exempts(headers [][2]string) bool {
	if len(a.exempt) == 0 {
		return false
	}
	path, _, _ := strings.Cut(httpheader.First(headers, ":path"), "?")
	method, host := httpheader.First(headers, ":method"), authority.Host(httpheader.First(headers, ":authority"))
	for i := range a.exempt {
		if a.exempt[i].covers(path, method, host) {
			return true
		}
	}
	return false
}

func (e *exemption) covers(path, method, host string) bool {
	if e.path != "" && path != e.path {
		return false
	}
	if e.prefix != "" {
		rest, ok := strings.CutPrefix(path, e.prefix)
		if !ok || rest != "" && rest[0] != '/' || !plainPath(path) {
			return false
		}
	}
	return (len(e.methods) == 0 || slices.Contains(e.methods, method)) && (len(e.hosts) == 0 || e.coversHost(host))
}

// coversHost compares a host with the exemption's, of which "*.example.com" covers what is below it.
func (e *exemption) coversHost(host string) bool {
	for _, pattern := range e.hosts {
		if host == pattern {
			return true
		}
		if below, ok := strings.CutPrefix(pattern, "*"); ok && strings.HasSuffix(host, below) && len(host) > len(below) {
			return true
		}
	}
	return false
}

// plainPath tells whether every component between client and backend reads a path alike: no escapes, which one might
// undo, no empty or dot segments, which one might resolve, no parameters, fragments and backslashes.
func plainPath(path string) bool {
	if path == "" || path[0] != '/' || strings.ContainsAny(path, "%;\\#?") || strings.Contains(path, "//") {
		return false
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return true
}
