package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/origin"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// conditions limit a rule to some requests, or to responses of some origin. All that are set must hold; an empty list is not set.
type conditions struct {
	methods, paths []string
	accepts        []body.MediaRange
	source         string       // "", "backend" or "gateway"
	details        []string     // a trailing * stands for any rest
	flags          origin.Flags // one of them must be set; 0: any
}

func parseConditions(o field.Object) (c conditions, err error) {
	if c.methods, _, err = o.Strings("enable_on_methods"); err != nil {
		return c, err
	}
	if c.paths, _, err = o.Strings("enable_on_path_prefixes"); err != nil {
		return c, err
	}
	accepts, _, err := o.Strings("enable_on_accept")
	if err != nil {
		return c, err
	}
	for i, name := range accepts {
		accepted, ok := body.ParseMediaRange(name)
		if !ok {
			return c, o.FieldError(field.Item("enable_on_accept", i), `must be a media type such as "text/html" or "text/*"`)
		}
		c.accepts = append(c.accepts, accepted)
	}
	if c.source, err = o.Enum("enable_on_source", "gateway", "backend"); err != nil {
		return c, err
	}
	if c.details, _, err = o.Strings("enable_on_details"); err != nil {
		return c, err
	}
	flags, _, err := o.Strings("enable_on_flags")
	if err != nil {
		return c, err
	}
	for i, name := range flags {
		flag, err := origin.ParseFlag(name)
		if err != nil {
			return c, o.FieldError(field.Item("enable_on_flags", i), err.Error())
		}
		c.flags |= flag
	}
	return c, nil
}

func (c *conditions) limitsRequests() bool {
	return len(c.methods) > 0 || len(c.paths) > 0 || len(c.accepts) > 0
}

func (c *conditions) limitsResponses() bool {
	return c.limitsRequests() || c.source != "" || len(c.details) > 0 || c.flags != 0
}

// situation is a request, and its response if there is one; what a condition asks for is read then.
type situation struct {
	ctx     wrapper.HttpContext
	details *string
}

func (c *conditions) request(s *situation) bool {
	if len(c.methods) > 0 && !slices.Contains(c.methods, s.ctx.Method()) {
		return false
	}
	if len(c.paths) > 0 && !slices.ContainsFunc(c.paths, func(prefix string) bool { return strings.HasPrefix(s.ctx.Path(), prefix) }) {
		return false
	}
	if len(c.accepts) == 0 {
		return true
	}
	accept, _ := httpheader.Joined(wrapper.RequestHeaders(s.ctx), "accept")
	return c.accepted(accept)
}

// accepted asks whether the client names one of the media types, with a weight that is not zero. Wildcards of the client
// do not count: every browser and every tool sends */*.
func (c *conditions) accepted(accept string) bool {
	for item := range strings.SplitSeq(strings.ToLower(accept), ",") {
		media, parameters, _ := strings.Cut(item, ";")
		media = strings.TrimSpace(media)
		if q := strings.ReplaceAll(parameters, " ", ""); q == "q=0" || strings.HasPrefix(q, "q=0.") && strings.Trim(q[4:], "0") == "" {
			continue
		}
		for _, accepted := range c.accepts {
			if accepted.Contains(media) && !strings.HasSuffix(media, "*") {
				return true
			}
		}
	}
	return false
}

func (c *conditions) response(s *situation) bool {
	switch c.source {
	case "gateway":
		if s.codeDetails() == origin.ViaUpstream {
			return false
		}
	case "backend":
		if s.codeDetails() != origin.ViaUpstream {
			return false
		}
	}
	if len(c.details) > 0 && !slices.ContainsFunc(c.details, s.hasDetails) {
		return false
	}
	if c.flags != 0 && c.flags&origin.ResponseFlags() == 0 {
		return false
	}
	return c.request(s)
}

// codeDetails is the attribute response.code_details; "" if the host does not tell.
func (s *situation) codeDetails() string {
	if s.details == nil {
		details := origin.Details()
		s.details = &details
	}
	return *s.details
}

func (s *situation) hasDetails(pattern string) bool { return origin.Match(s.codeDetails(), pattern) }
