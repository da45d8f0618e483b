package main

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpcache"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
)

// keyPart is something of a request that tells one stored response from another.
type keyPart struct {
	kind partKind
	name string // of a header, in lower case, or of a query parameter
}

type partKind int

const (
	partScheme partKind = iota
	partMethod
	partHost
	partPath  // without the query
	partQuery // all of it
	partParam
	partHeader
	partConsumer
)

var partNames = map[string]partKind{
	"scheme": partScheme, "method": partMethod, "host": partHost, "path": partPath, "query": partQuery, "consumer": partConsumer,
}

// ofURI are the parts of an HTTP cache's key that is not configured.
var ofURI = []keyPart{{kind: partScheme}, {kind: partHost}, {kind: partPath}, {kind: partQuery}}

func parseKeyParts(o field.Object, http bool) ([]keyPart, error) {
	texts, _, err := o.Strings("key_parts")
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 && http { // all URIs of all hosts would be one
		return ofURI, nil
	}
	var parts []keyPart
	for i, text := range texts {
		place := field.Item("key_parts", i)
		part, ok := parseKeyPart(text)
		if !ok {
			return nil, o.FieldError(place, `must be scheme, method, host, path, query, consumer, "query:<name>" or "header:<name>", not `+text)
		}
		if http && part.kind == partMethod {
			return nil, o.FieldError(place, "method is not for mode http, where HEAD is answered from responses to GET")
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func parseKeyPart(text string) (keyPart, bool) {
	if kind, ok := partNames[text]; ok {
		return keyPart{kind: kind}, true
	}
	kind, name, _ := strings.Cut(text, ":")
	switch {
	case name == "":
		return keyPart{}, false
	case kind == "query":
		return keyPart{partParam, name}, true
	case kind == "header":
		return keyPart{partHeader, strings.ToLower(name)}, true
	}
	return keyPart{}, false
}

func hasPart(parts []keyPart, kind partKind) bool {
	for _, part := range parts {
		if part.kind == kind {
			return true
		}
	}
	return false
}

// in returns what the part is in a request; ok is false where there is none. path is the request's, with its query.
func (p keyPart) in(headers httpcache.Headers, path string) (text string, ok bool) {
	bare, search, hasQuery := strings.Cut(path, "?")
	switch p.kind {
	case partScheme:
		return headers.Get(":scheme")
	case partMethod:
		return headers.Get(":method")
	case partHost:
		host, ok := headers.Get(":authority")
		return strings.ToLower(host), ok
	case partPath:
		return bare, true
	case partQuery:
		return search, hasQuery
	case partParam:
		return paramOf(search, p.name)
	case partHeader:
		return headers.Joined(p.name)
	}
	return headers.Joined(httpheader.Consumer)
}

// paramOf returns all values of a query parameter, as they are written. Where readers of a query disagree on what its
// parameters are, the whole query stands for each: what one of them takes for the parameter must not be left out.
func paramOf(search, name string) (text string, ok bool) {
	for pair := range query.Pairs(search) {
		decoded, valid := query.Form(pair.Name)
		if !valid || strings.IndexByte(pair.Name, ';') >= 0 || strings.IndexByte(pair.Value, ';') >= 0 {
			return "?" + search, true
		}
		if decoded != name {
			continue
		}
		text += pair.Value + "&"
		ok = true
	}
	return text, ok
}
