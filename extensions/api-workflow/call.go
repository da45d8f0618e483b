package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/tidwall/sjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// body builds the body of a node's call.
func (r *run) body(n *node) (string, error) {
	data := n.template
	for i := range n.body {
		var err error
		if data, err = r.replace(data, &n.body[i]); err != nil {
			return "", errors.New("wrapper body parse failed: wrapper date by tmpl str is " + cut(n.template) + " ,find  err: " + err.Error())
		}
	}
	return data, nil
}

// replace moves a value into a JSON text. A whole that is no JSON would become something else there.
func (r *run) replace(text string, change *replacement) (string, error) {
	raw, err := r.value(&change.from)
	if err != nil {
		return "", describe(&change.from, err)
	}
	if change.from.path == wholeBody && !r.step(change.from.step).isJSON() {
		return "", errors.New("wrapper body parse failed: " + change.from.text + " is no JSON")
	}
	text, err = sjson.SetRaw(text, change.to, raw)
	if err != nil {
		return "", errors.New("wrapper body parse failed: " + change.to + ": " + err.Error())
	}
	return text, nil
}

// head builds the URL and the headers of a node's call.
func (r *run) head(n *node) (target string, headers [][2]string, err error) {
	path, err := r.render(n.path, escapePath)
	if err != nil {
		return "", nil, err
	}
	if len(n.path) > 1 && hasDotSegment(path) {
		return "", nil, errors.New("a value makes the path lead elsewhere")
	}
	if strings.HasPrefix(path, "//") { // a path, not a host
		path = "http://" + n.domain + path
	}
	for i := range n.headers {
		value, err := r.render(n.headers[i].value, checkHeader)
		if err != nil {
			return "", nil, err
		}
		headers = append(headers, [2]string{n.headers[i].name, value})
	}
	return path, headers, nil
}

// escapePath makes a value part of a segment, or of a query.
func escapePath(before, value string) (string, error) {
	if strings.IndexByte(before, '?') >= 0 {
		return url.QueryEscape(value), nil
	}
	if value == "" {
		return "", errors.New("a value for the path is empty")
	}
	return url.PathEscape(value), nil
}

// hasDotSegment tells whether a path has segments that are resolved away (RFC 3986, section 5.2.4). Escaped dots count, as
// they do for browsers (WHATWG URL, "double-dot path segment").
func hasDotSegment(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	for segment := range strings.SplitSeq(path, "/") {
		plain := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
		if plain == "." || plain == ".." {
			return true
		}
	}
	return false
}

// checkHeader refuses what would end a header.
func checkHeader(_, value string) (string, error) {
	if !httpheader.IsValue(value) {
		return "", errors.New("a value for a header has control characters")
	}
	return value, nil
}

// edit changes the request as an edge says.
func (r *run) edit(e *edge) (headers [][2]string, data string, err error) {
	for i := range e.headers {
		value, err := r.render(e.headers[i].value, checkHeader)
		if err != nil {
			return nil, "", err
		}
		headers = append(headers, [2]string{e.headers[i].name, value})
	}
	if len(e.body) == 0 || r.fixed {
		return headers, "", nil
	}
	if !r.hasBody {
		return nil, "", errors.New("there is no body to change")
	}
	if !body.Valid(r.received) {
		return nil, "", errors.New("the body to change is no JSON")
	}
	data = r.received
	for i := range e.body {
		if data, err = r.set(data, &e.body[i]); err != nil {
			return nil, "", err
		}
	}
	return headers, data, nil
}

// set is replace for the request's body, where members that come twice must not stay.
func (r *run) set(text string, change *replacement) (string, error) {
	raw, err := r.value(&change.from)
	if err != nil {
		return "", describe(&change.from, err)
	}
	if change.from.path == wholeBody && !r.step(change.from.step).isJSON() {
		return "", errors.New("wrapper body parse failed: " + change.from.text + " is no JSON")
	}
	document := body.NewDocument([]byte(text))
	place := body.ParsePlace(change.to)
	if err := document.Set(&place, raw); err != nil {
		return "", errors.New(change.to + ": " + err.Error())
	}
	return string(document.Bytes()), nil
}
