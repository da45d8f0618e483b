package main

import (
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/template"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// What ${...} may name, in headers and in bodies.
var (
	headerVariables = []string{"status", "request_id", "method", "host", "path", "details"}
	bodyVariables   = append([]string{"body"}, headerVariables...)
)

func parseText(s string, templates bool, place template.Place, variables []string) (template.Text, error) {
	if !templates {
		return template.Literal(s), nil
	}
	return template.Parse(s, place, variables...)
}

// original is what variables speak of.
type original struct {
	situation
	status string // of the response that is replaced; "" for a request
	body   string
}

func (o *original) value(variable string) string {
	switch variable {
	case "status":
		return o.status
	case "request_id":
		return httpheader.First(wrapper.RequestHeaders(o.ctx), "x-request-id")
	case "method":
		return o.ctx.Method()
	case "host":
		return o.ctx.Host()
	case "path":
		return o.ctx.Path()
	case "details":
		if o.status == "" {
			return ""
		}
		return o.codeDetails()
	}
	return o.body
}
