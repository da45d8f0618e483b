package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/query"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// parseTemplate reads a text with variables.
func parseTemplate(text string, place template.Place, direction string) (t template.Text, readsBody bool, err error) {
	var names []string
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "${")
		if !found {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || !isVariable(name, direction) {
			return t, false, errors.New("unknown variable ${" + name + "}")
		}
		names = append(names, name)
		readsBody = readsBody || strings.HasPrefix(name, "body.")
		rest = after
	}
	t, err = template.Parse(text, place, names...)
	return t, readsBody, err
}

func isVariable(name, direction string) bool {
	switch name {
	case "host", "path", "method", "consumer":
		return true
	case "status":
		return direction == "response"
	}
	family, member, _ := strings.Cut(name, ".")
	switch family {
	case "header", "request_header", "query", "body":
		return member != ""
	case "path":
		n, err := strconv.Atoi(member)
		return err == nil && n > 0
	}
	return false
}

// variable is the value of a template's variable; "" for what is not there.
func (e *exchange) variable(name string) string {
	switch name {
	case "host":
		return e.host
	case "path":
		bare, _, _ := strings.Cut(e.received, "?")
		return bare
	case "method":
		return e.ctx.Method()
	case "consumer":
		return e.requestHeader(httpheader.Consumer)
	case "status":
		return e.status
	}
	family, member, _ := strings.Cut(name, ".")
	switch family {
	case "header":
		return first(e.headers[strings.ToLower(member)])
	case "request_header":
		return e.requestHeader(strings.ToLower(member))
	case "query":
		return first(e.receivedQuery()[member])
	case "path":
		return pathSegment(e.received, member)
	}
	if e.body == nil {
		return ""
	}
	key := body.ParseQuery(member)
	values, _ := e.body.texts(&key, member)
	return first(values)
}

// pathSegment is the segment of a number from 1 on, decoded.
func pathSegment(path, number string) string {
	bare, _, _ := strings.Cut(path, "?")
	n, _ := strconv.Atoi(number)
	for segment := range strings.SplitSeq(strings.TrimPrefix(bare, "/"), "/") {
		if n--; n == 0 {
			return query.Lenient(segment)
		}
	}
	return ""
}

func (e *exchange) requestHeader(name string) string {
	return httpheader.First(wrapper.RequestHeaders(e.ctx), name)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
