package catalog

import (
	"fmt"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"
)

// Manifests renders the example as the resources that would be applied to a cluster: a WasmPlugin and the routes.
func (p *Plugin) Manifests(e *Example) ([]byte, error) {
	spec := map[string]any{
		"url":          "file://" + p.Wasm(),
		"failStrategy": p.FailStrategy,
	}
	if p.Phase != "" {
		spec["phase"] = p.Phase
	}
	if p.Priority != nil {
		spec["priority"] = *p.Priority
	}
	if len(e.Config) > 0 {
		spec["pluginConfig"] = e.Config
	}
	docs := []any{map[string]any{
		"apiVersion": "extensions.higress.io/v1alpha1",
		"kind":       "WasmPlugin",
		"metadata":   map[string]any{"name": p.Name, "namespace": "higress-system"},
		"spec":       spec,
	}}
	routes := e.Routes
	if len(routes) == 0 {
		routes = []Route{{Name: "default"}}
	}
	for _, r := range routes {
		docs = append(docs, r.ingress())
	}
	var out strings.Builder
	for i, doc := range docs {
		text, err := yaml.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("example %q: %w", e.Name, err)
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(text)
	}
	return []byte(out.String()), nil
}

func (r *Route) ingress() map[string]any {
	path := r.Path
	if path == "" {
		path = "/"
	}
	rule := map[string]any{"http": map[string]any{"paths": []any{map[string]any{
		"path": path, "pathType": "Prefix",
		"backend": map[string]any{"resource": map[string]any{"apiGroup": "networking.higress.io", "kind": "McpBridge", "name": "default"}},
	}}}}
	if r.Host != "" {
		rule["host"] = r.Host
	}
	return map[string]any{
		"apiVersion": "networking.k8s.io/v1",
		"kind":       "Ingress",
		"metadata": map[string]any{
			"name": r.Name, "namespace": "higress-system",
			"annotations": map[string]any{"higress.io/destination": "echo.static:80"},
		},
		"spec": map[string]any{"rules": []any{rule}},
	}
}

// Curl renders a request as a command line for a gateway at base, such as "http://127.0.0.1:10000".
func (r *Request) Curl(base string) string {
	words := []string{"curl", "-i"}
	if r.Method != "" && r.Method != "GET" && !(r.Method == "POST" && r.Body != "") {
		words = append(words, "-X", r.Method)
	}
	if r.Host != "" {
		words = append(words, "-H", quote("host: "+r.Host))
	}
	names := make([]string, 0, len(r.Headers))
	for name := range r.Headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		words = append(words, "-H", quote(name+": "+r.Headers[name]))
	}
	if r.Body != "" {
		words = append(words, "--data-raw", quote(r.Body))
	}
	path := r.Path
	if path == "" {
		path = "/"
	}
	return strings.Join(append(words, quote(base+path)), " ")
}

// quote puts single quotes around a word of a shell command where it needs them.
func quote(word string) string {
	if !strings.ContainsAny(word, " \t\n'\"\\$&|;<>()*?[]#~%!{}`") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Expect says in words what a response must be.
func (r *Response) Expect() string {
	parts := []string{fmt.Sprint(r.StatusCode)}
	names := make([]string, 0, len(r.Headers))
	for name := range r.Headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		parts = append(parts, name+": "+r.Headers[name])
	}
	if r.Body != nil {
		parts = append(parts, "body "+*r.Body)
	}
	for _, text := range r.BodyContains {
		parts = append(parts, "a body with "+text)
	}
	return strings.Join(parts, ", ")
}
