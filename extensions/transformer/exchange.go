package main

import (
	"runtime"
	"strconv"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// exchange is a request or a response under edit.
type exchange struct {
	ctx       wrapper.HttpContext
	direction *direction
	response  bool

	host, path  string // of the request; path is the new one once the query was edited for a held request
	received    string // the path as it was received
	status      string // of the response
	contentType string
	kind        bodyKind

	headers  fields
	pseudo   httpheader.Pseudo // what they were, and what pseudo headers can be
	original fields            // the received query, read when asked for
	query    fields            // the query under edit; nil until then

	headerItems, queryItems, bodyItems []*item // whose conditions hold

	held     bool // headers wait for the body
	editable bool // the body may be changed
	body     *readable
}

type bodyKind int

const (
	opaque bodyKind = iota
	jsonBody
	formBody
	multipartBody
)

// kindOf is what a content type says that a body is. Of responses only JSON is read.
func kindOf(contentType string, suffix, response bool) bodyKind {
	switch media := body.MediaType(contentType); {
	case media == "application/json", suffix && isSuffixed(media):
		return jsonBody
	case response:
	case media == "application/x-www-form-urlencoded":
		return formBody
	case media == "multipart/form-data":
		return multipartBody
	}
	return opaque
}

// isSuffixed tells whether a media type is application/*+json (RFC 6839, section 3.1).
func isSuffixed(media string) bool {
	const family, suffix = "application/", "+json"
	return len(media) > len(family)+len(suffix) && media[:len(family)] == family && media[len(media)-len(suffix):] == suffix
}

func collect(headers [][2]string) fields {
	f := make(fields, len(headers))
	for _, h := range headers {
		f[h[0]] = append(f[h[0]], h[1])
	}
	return f
}

// choose keeps the items that apply.
func (e *exchange) choose() {
	e.headerItems = e.applying(e.direction.headers)
	e.queryItems = e.applying(e.direction.querys)
	e.bodyItems = e.applying(e.direction.body)
}

// plan says whether the body is to be read, and whether headers wait for it.
func (e *exchange) plan(obstacle body.Obstacle) (read bool) {
	if !obstacle.Reads() || e.kind == opaque || e.tooLong() {
		return false
	}
	e.editable = obstacle == "" && len(e.bodyItems) > 0
	e.held = bodyIsSource(e.headerItems) || bodyIsSource(e.queryItems)
	return e.editable || e.held
}

// tooLong tells whether the body says that it is over the limit.
func (e *exchange) tooLong() bool {
	length, err := strconv.Atoi(first(e.headers["content-length"]))
	return err == nil && e.overLimit(length)
}

func (e *exchange) overLimit(length int) bool {
	if length <= e.direction.bodyLimit {
		return false
	}
	e.warn("the " + e.direction.name + " body of " + strconv.Itoa(length) + " bytes is over the limit and is not read")
	return true
}

// receive reads a body. One that is not what its content type says is as good as none.
func (e *exchange) receive(data []byte) {
	if len(data) == 0 || e.overLimit(len(data)) {
		return
	}
	var form body.Fields
	var err error
	switch e.kind {
	case jsonBody:
		if !body.Valid(body.View(data)) {
			e.warn("failed to read " + e.direction.name + " body: invalid json body")
			return
		}
		e.body = &readable{json: body.View(data)}
		return
	case formBody:
		form, err = body.ParseForm(body.View(data))
	default:
		form, err = body.ParseMultipart(body.View(data), e.contentType)
	}
	if err != nil {
		e.warn("failed to read " + e.direction.name + " body: " + err.Error())
		return
	}
	e.body = &readable{form: form}
}

// editBody applies the body items, all or none; ok is false if the body stays as it is.
func (e *exchange) editBody(data []byte) (edited []byte, ok bool) {
	if !e.editable || e.body == nil {
		return nil, false
	}
	var err error
	if e.body.form != nil {
		edited, err = e.editForm()
	} else {
		edited, err = e.editJSON(data)
	}
	if err != nil {
		e.warn("failed to transform " + e.direction.name + " body: " + err.Error())
		return nil, false
	}
	return edited, true
}

func (e *exchange) editForm() ([]byte, error) {
	f := fields{}
	for _, i := range e.bodyItems {
		for _, name := range [...]string{i.key, i.to} {
			if _, known := f[name]; known {
				continue
			}
			values, err := e.body.form.Values(name)
			if err != nil {
				return nil, err
			}
			f[name] = values
		}
	}
	present := fields{}
	for name, values := range f {
		if values != nil {
			present[name] = values
		}
	}
	for _, i := range e.bodyItems {
		present.edit(e, i)
	}
	for name := range f {
		f[name] = present[name]
	}
	return e.body.form.Edit(f)
}

// receivedQuery are the query parameters as they were received.
func (e *exchange) receivedQuery() fields {
	if e.original == nil {
		e.original = parseQuery(e.received)
	}
	return e.original
}

// querySource is the query for items of other sections: as received, or edited if that was done.
func (e *exchange) querySource() fields {
	if e.query != nil {
		return e.query
	}
	return e.receivedQuery()
}

// release gives back the memory of a long body. That of a VM never shrinks, and the collector alone waits until it has
// doubled: two such bodies in a row would take twice the memory of one. It is the last thing to do with a body.
func (e *exchange) release(size int) {
	const long = 1 << 20
	e.body = nil
	if size >= long {
		runtime.GC()
	}
}

func (e *exchange) warn(text string) { log.Warn(text) }
