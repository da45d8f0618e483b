package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/address"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const authorization = "authorization"

// question says what the authorization service is told about a request.
type question struct {
	selected  selection   // of the client's headers
	constants [][2]string // of the configuration
	basic     bool        // the headers of a forward-auth endpoint, which it gets in any case
	traefik   bool        // and those that Traefik's middleware ForwardAuth sends
	nginx     bool        // and those that ingress-nginx sends with auth-url
}

func (q *question) parse(o field.Object, forward bool) (err error) {
	q.basic = forward
	if q.selected, _, err = parseSelection(o, "allowed_headers"); err != nil {
		return err
	}
	if q.constants, err = parseConstants(o, "headers_to_add"); err != nil {
		return err
	}
	kinds, _, err := o.Strings("forwarded_headers")
	if err != nil {
		return err
	}
	for i, kind := range kinds {
		switch kind {
		case "traefik":
			q.traefik = true
		case "nginx":
			q.nginx = true
		default:
			return o.FieldError(field.Item("forwarded_headers", i), "must be one of traefik, nginx, not "+strconv.Quote(kind))
		}
	}
	return nil
}

// parseConstants reads an object of names and values. A value that is no text counts as its text.
func parseConstants(o field.Object, key string) (constants [][2]string, err error) {
	object, _, err := o.Object(key)
	if err != nil {
		return nil, err
	}
	object.JSON().ForEach(func(name, value gjson.Result) bool {
		lower := strings.ToLower(name.Str)
		switch {
		case value.Type == gjson.Null:
			return true
		case !httpheader.IsName(lower):
			err = httpheader.NameError(object, name.Str)
		case neverCopied(lower):
			err = object.FieldError(name.Str, "cannot be set")
		case value.Type == gjson.JSON:
			err = object.FieldError(name.Str, "must be a string, a number or a boolean")
		case !isValue(value.String()):
			err = object.FieldError(name.Str, "must not hold line breaks")
		default:
			constants = append(constants, [2]string{lower, value.String()})
		}
		return err == nil
	})
	return constants, err
}

// headers are those of the call, sorted by name. Later ones replace earlier ones of the same name.
func (q *question) headers(r *request) [][2]string {
	list := make([][2]string, 0, len(q.constants)+8)
	if !q.selected.empty() {
		list = q.appendSelected(list, r.headers)
	}
	for _, constant := range q.constants {
		list = set(list, constant[0], constant[1])
	}
	if r.authorization != "" {
		list = set(list, authorization, r.authorization)
	}
	list = q.appendForwarded(list, r)
	slices.SortStableFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list
}

// appendSelected copies every line of the selected headers that says something new: the service must see what the backend
// is going to see.
func (q *question) appendSelected(list, headers [][2]string) [][2]string {
	for i := range headers {
		h := &headers[i]
		if neverCopied(h[0]) || !q.selected.has(h[0]) || !isValue(h[1]) || slices.Contains(list, *h) {
			continue
		}
		list = append(list, *h)
	}
	return list
}

func (q *question) appendForwarded(list [][2]string, r *request) [][2]string {
	if !q.basic && !q.traefik && !q.nginx {
		return list
	}
	if q.basic || q.traefik {
		list = set(list, "x-forwarded-proto", r.scheme)
		list = set(list, "x-forwarded-method", r.method)
		list = set(list, "x-forwarded-uri", r.path)
		list = set(list, "x-forwarded-host", r.authority)
	}
	if q.basic || q.nginx {
		list = set(list, "x-original-method", r.method)
		list = set(list, "x-original-uri", r.path)
	}
	if q.nginx {
		list = set(list, "x-original-url", r.scheme+"://"+r.authority+r.path)
		list = set(list, "x-auth-request-redirect", r.path)
	}
	if q.traefik || q.nginx {
		client := clientAddress()
		list = set(list, "x-forwarded-for", client)
		if q.nginx {
			list = set(list, "x-real-ip", client)
		}
	}
	return list
}

// clientAddress is the client as the gateway sees it; "" where it does not tell.
func clientAddress() string {
	client, err := address.Peer()
	if err != nil {
		if wrapper.LogEnabled(wrapper.LogLevelWarn) {
			log.Warn("the client's address cannot be read: " + err.Error())
		}
		return ""
	}
	return client.String()
}

// set replaces all lines of a name by one; by none if the value is empty.
func set(list [][2]string, name, value string) [][2]string {
	list = slices.DeleteFunc(list, func(h [2]string) bool { return h[0] == name })
	if value == "" {
		return list
	}
	return append(list, [2]string{name, value})
}
