package main

import (
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// message is a JSON-RPC request or response (JSON-RPC 2.0, sections 4 and 5). Members that are not there do not exist. Where
// a member is repeated the last one counts, as it does for most readers of JSON.
type message struct {
	id, method, params, result, failure gjson.Result
}

// parseMessage reads a body; ok is false if it is no JSON-RPC message, which a batch is not either. The message shares text.
func parseMessage(text string) (m message, ok bool) {
	if !body.Valid(text) {
		return m, false
	}
	object := gjson.Parse(text)
	if !object.IsObject() {
		return m, false
	}
	object.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "jsonrpc":
			ok = true
		case "id":
			m.id = value
		case "method":
			m.method = value
		case "params":
			m.params = value
		case "result":
			m.result = value
		case "error":
			m.failure = value
		}
		return true
	})
	return m, ok
}

// answers tells whether the message is a response; a server may send requests and notifications before it.
func (m *message) answers() bool { return m.result.Exists() || m.failed() }

func (m *message) failed() bool { return m.failure.Exists() && m.failure.Type != gjson.Null }

var (
	namePath      = body.Path{"name"}
	argumentsPath = body.Path{"arguments"}
	toolsPath     = body.Path{"tools"}
	contentPath   = body.Path{"content"}
	isErrorPath   = body.Path{"isError"}
)

// publishRequest sets the headers of a request.
func (c *Config) publishRequest(m *message, p *publication) {
	p.common(m, m.method.Str)
	if m.method.Str != toolsCall {
		p.json(paramsHeader, m.params.Raw)
		return
	}
	if name := body.Last(m.params.Raw, namePath); name.Type == gjson.String && !httpheader.HasControl(name.Str) {
		p.text(toolHeader, name.Str)
	}
	arguments := body.Last(m.params.Raw, argumentsPath)
	p.json(argumentsHeader, arguments.Raw)
	for i := range c.arguments {
		p.value(c.arguments[i].header, body.Last(arguments.Raw, c.arguments[i].path))
	}
}

// publishResponse sets the headers of a response to a request with the given method.
func publishResponse(m *message, method string, p *publication) {
	p.common(m, method)
	if m.failed() {
		p.json(errorHeader, m.failure.Raw)
	}
	switch {
	case method != toolsList && method != toolsCall:
		p.json(resultHeader, m.result.Raw)
	case m.failed():
	case method == toolsList:
		p.json(resultHeader, body.Last(m.result.Raw, toolsPath).Raw)
	default:
		p.json(answerHeader, body.Last(m.result.Raw, contentPath).Raw)
		failure := "false"
		if body.Last(m.result.Raw, isErrorPath).Bool() {
			failure = "true"
		}
		p.put(failureHeader, failure)
	}
}

// common sets the headers that requests and responses share.
func (p *publication) common(m *message, method string) {
	if m.id.Type == gjson.String || m.id.Type == gjson.Number {
		p.value(idHeader, m.id)
	}
	if !httpheader.HasControl(method) {
		p.text(methodHeader, method)
	}
}

// value sets a header to the text of a string, or to the JSON of another value.
func (p *publication) value(name string, v gjson.Result) {
	if v.Type == gjson.String {
		p.text(name, v.Str)
		return
	}
	p.json(name, v.Raw)
}
