package main

import (
	"math"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Where an edge leads if not to a node.
const (
	toEnd     = -1
	toBackend = -2
	toNowhere = -3
)

// edge is a way from a step to the next.
type edge struct {
	source, targetName string
	from               int        // index of the source, or startStep
	target             int        // index of a node, or one of the constants
	condition          *condition // nil: always
	onFailure          bool       // taken if the source failed, instead of if it did not

	status      uint32 // of the answer; 0: 200, or the node's after a failure
	contentType string // of the answer; "": the node's

	headers []header      // of the request that goes on
	body    []replacement // in its body
}

// node is a call.
type node struct {
	name           string
	client         wrapper.HttpClient
	domain, method string
	path           text
	headers        []header
	template       string
	body           []replacement
	timeout        uint32 // ms
	retries        int
	edges          []edge
	hasFailureEdge bool
}

// header is a header with its value. The name is as it was configured.
type header struct {
	name  string
	value text
}

// replacement moves a value into a JSON text.
type replacement struct {
	from reference
	to   string // SJSON path
}

const mostRetries = 10

func (l *loader) node(o field.Object, timeout uint32, n *node) (err error) {
	n.name, _, _ = o.String("name")
	if n.client, n.domain, err = parseService(o); err != nil {
		return err
	}
	if n.method, _, err = o.String("service_method"); err != nil {
		return err
	}
	if n.method == "" {
		return o.Error("service_method is empty")
	}
	templates, _, err := o.Bool("templates")
	if err != nil {
		return err
	}
	path, _, err := o.String("service_path")
	if err != nil {
		return err
	}
	if path == "" {
		path = "/"
	}
	n.path = literal(path)
	if templates {
		if n.path, err = l.template(path); err != nil {
			return o.FieldError("service_path", err.Error())
		}
	}
	if n.headers, err = l.headers(o, templates); err != nil {
		return err
	}
	n.template = o.Get("service_body_tmpl").String()
	if n.body, err = l.replacements(o, "service_body_replace_keys"); err != nil {
		return o.Error("unmarshal service body replace keys failed, err:" + err.Error())
	}
	own, set, err := o.Int("timeout", 1, math.MaxInt32)
	if err != nil {
		return err
	}
	if n.timeout = timeout; set {
		n.timeout = uint32(own)
	}
	retries, _, err := o.Int("retries", 0, mostRetries)
	n.retries = int(retries)
	return err
}

// parseService reads where a node's call goes.
func parseService(o field.Object) (client wrapper.HttpClient, domain string, err error) {
	name, _, err := o.String("service_name")
	if err != nil {
		return nil, "", err
	}
	if name == "" {
		return nil, "", o.Error("tool service name is empty")
	}
	port, _, err := o.Int("service_port", math.MinInt32, math.MaxInt32)
	if err != nil {
		return nil, "", err
	}
	if port == 0 {
		if !strings.HasSuffix(name, ".static") {
			return nil, "", o.Error("tool service port is empty")
		}
		port = 80
	}
	if domain, _, err = o.String("service_domain"); err != nil {
		return nil, "", err
	}
	if domain == "" {
		domain = name
	}
	return wrapper.NewClusterClient(wrapper.FQDNCluster{FQDN: name, Port: port, Host: domain}), domain, nil
}

// headers reads a list of key and value. A list of another shape counts as none, as it always has.
func (l *loader) headers(o field.Object, templates bool) ([]header, error) {
	list := o.Get("service_headers")
	if !list.IsArray() {
		return nil, nil
	}
	var headers []header
	for i, item := range list.Array() {
		key, value := item.Get("key"), item.Get("value")
		if !item.IsObject() || !isText(key) || !isText(value) {
			return nil, nil
		}
		h := header{key.Str, literal(value.Str)}
		if templates {
			var err error
			if h.value, err = l.template(value.Str); err != nil {
				return nil, o.FieldError(field.Item("service_headers", i)+".value", err.Error())
			}
		}
		headers = append(headers, h)
	}
	return headers, nil
}

// isSettable tells whether a name, in lower case, is that of a header which neither belongs to the connection nor describes the
// body.
func isSettable(name string) bool {
	switch name {
	case "host", "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
		"content-encoding", "content-type":
		return false
	}
	return httpheader.IsName(name)
}
