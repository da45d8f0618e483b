package echo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/header"
)

// received is the part of the document that a request's head gives.
type received struct {
	Args    values            `json:"args"`
	Headers map[string]string `json:"headers"`
	Method  string            `json:"method"`
	Origin  string            `json:"origin"`
	Path    string            `json:"path"` // the request target as it came
	URL     string            `json:"url"`
}

// document is httpbin's answer to /anything.
type document struct {
	received
	Data  string          `json:"data"`
	Files values          `json:"files"`
	Form  values          `json:"form"`
	JSON  json.RawMessage `json:"json"`
}

// values maps a name to its value, or to a list of them where there are several.
type values map[string]any

func (v values) add(name, value string) {
	switch before := v[name].(type) {
	case nil:
		v[name] = value
	case string:
		v[name] = []string{before, value}
	case []string:
		v[name] = append(before, value)
	}
}

func (x *Stream) received() received {
	path := x.head.Value(":path")
	_, query, _ := strings.Cut(path, "?")
	scheme := x.head.Value("x-forwarded-proto")
	if scheme == "" {
		scheme = x.head.Value(":scheme")
	}
	origin := x.head.Value("x-forwarded-for")
	if origin == "" {
		origin = x.conn.RemoteAddr.Addr().String()
	}
	return received{
		Args: pairs(query), Headers: canonical(x.head), Method: x.head.Value(":method"),
		Origin: origin, Path: path, URL: scheme + "://" + x.head.Value(":authority") + path,
	}
}

// document renders what was received, indented by two.
func (x *Stream) document() []byte {
	doc := document{received: x.received()}
	x.body.describe(x.head.Value("content-type"), &doc)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(doc); err != nil {
		return []byte(`{"error": "cannot be shown as JSON"}` + "\n")
	}
	return out.Bytes()
}

// canonical joins the values of each header under the name that httpbin prints.
func canonical(h *header.Map) map[string]string {
	out := map[string]string{}
	for _, e := range h.Entries() {
		name := http.CanonicalHeaderKey(e.Name)
		if e.Name == ":authority" {
			name = "Host"
		} else if e.Name[0] == ':' {
			continue
		}
		if before, ok := out[name]; ok {
			out[name] = before + "," + e.Value
			continue
		}
		out[name] = e.Value
	}
	return out
}

// pairs reads a query or a form. A pair that is no valid encoding is kept as it came.
func pairs(encoded string) values {
	out := values{}
	for pair := range strings.SplitSeq(encoded, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		out.add(unescape(name), unescape(value))
	}
	return out
}

func unescape(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	return s
}
