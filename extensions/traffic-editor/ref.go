package main

import (
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// kind is a sort of field of a request or response.
type kind int

const (
	requestHeader kind = iota
	requestQuery
	requestCookie
	requestPath   // without the query; cannot be written
	requestMethod // cannot be written
	responseHeader
)

var kinds = map[string]kind{"request_header": requestHeader, "request_query": requestQuery, "request_cookie": requestCookie,
	"request_path": requestPath, "request_method": requestMethod, "response_header": responseHeader}

// ref names a field. Names of headers are in lower case, others as they are after decoding.
type ref struct {
	kind kind
	name string
}

// parseRef reads a reference.
func parseRef(json gjson.Result) (ref, error) {
	text := json.Get("type").String()
	if text == "" {
		return ref{}, errors.New("missing type field")
	}
	k, known := kinds[text]
	if !known {
		return ref{}, errors.New("unknown ref type: " + text)
	}
	if k == requestPath || k == requestMethod {
		return ref{kind: k}, nil
	}
	return newRef(k, json.Get("name").String())
}

func newRef(k kind, name string) (ref, error) {
	if name == "" {
		return ref{}, errors.New("missing name field")
	}
	if k == requestHeader || k == responseHeader {
		name = strings.ToLower(name)
	}
	if k == requestHeader && name == "host" {
		name = ":authority" // the host has one field for both
	}
	return ref{k, name}, nil
}

// parseTarget reads a reference to a field that is written.
func parseTarget(json gjson.Result) (ref, error) {
	r, err := parseRef(json)
	if err != nil {
		return r, err
	}
	return r, r.checkTarget()
}

func (r *ref) checkTarget() error {
	switch r.kind {
	case requestPath, requestMethod:
		return errors.New("request_path and request_method cannot be edited; use the request_header :path or :method")
	case requestHeader, responseHeader:
		if !httpheader.IsNameOrPseudo(r.name) {
			log.Warn("no header can have the name " + r.name + ", so it is never edited")
		}
	case requestCookie:
		if !httpheader.IsNameOrPseudo(r.name) {
			return errors.New("no cookie can have the name " + r.name)
		}
	}
	return nil
}

// stage is the phase in which the field is there.
func (r *ref) stage() string {
	if r.kind == responseHeader {
		return "response_headers"
	}
	return "request_headers"
}

// in tells whether the field belongs to the message under edit.
func (r *ref) in(m *message) bool { return (r.kind == responseHeader) == m.pseudo.Response }
