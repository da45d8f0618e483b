// Package catalog finds plugins on disk and reads their plugin.yaml: what a plugin is called, where it belongs in the
// chain, what its configuration looks like, and examples to try.
package catalog

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	k8sjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/module"
)

// Plugin is a plugin.yaml.
type Plugin struct {
	Name         string `json:"name"`
	Title        string `json:"title"`
	Category     string `json:"category"` // auth, security, traffic, transformation, ai, mcp, sample
	Version      string `json:"version"`
	Description  string `json:"description"`
	Phase        string `json:"phase,omitempty"` // as in a WasmPlugin; empty means unspecified
	Priority     *int64 `json:"priority,omitempty"`
	FailStrategy string `json:"failStrategy"` // FAIL_OPEN or FAIL_CLOSE
	// Placements are further places in the chain that the plugin is shipped for, besides Phase and Priority.
	Placements []Placement `json:"placements,omitempty"`
	// BuildTags are added to the go build.
	BuildTags []string `json:"buildTags,omitempty"`
	// Requires names what the plugin needs of its host beyond ABI 0.2.1, such as redis or headers-stop-iteration.
	Requires []string `json:"requires,omitempty"`
	// Uses names what the plugin asks of its host and only Higress and the local gateway do: span-tags, reroute-control,
	// buffer-limits. A stock Envoy accepts it and does nothing.
	Uses []string `json:"uses,omitempty"`
	// Config and RuleConfig are JSON schemas of the global and the rule configuration.
	Config     map[string]any `json:"config,omitempty"`
	RuleConfig map[string]any `json:"ruleConfig,omitempty"`
	Examples   []Example      `json:"examples,omitempty"`

	// Dir is the absolute folder of the plugin.yaml.
	Dir string `json:"-"`
}

// Placement is a place in the chain for which the plugin has a second resource, with a configuration of its own.
type Placement struct {
	// Name is the resource's: the plugin's name, a hyphen and a word, such as jsonrpc-converter-authn.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"` // what the plugin does there
	Phase       string `json:"phase,omitempty"`
	Priority    *int64 `json:"priority,omitempty"`
}

// Example is a configuration with requests that show what it does. Requests have the form of a step in cases.yaml.
type Example struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Config      map[string]any `json:"config,omitempty"` // the plugin's whole configuration, _rules_ included
	Routes      []Route        `json:"routes,omitempty"`
	// Services maps "host:port" of a service that the configuration names to what stands behind it: echo or redis.
	Services map[string]string `json:"services,omitempty"`
	Requests []Exchange        `json:"requests,omitempty"`
}

// Route is a route of an example. Without routes there is one, "default", for every host and path.
type Route struct {
	Name string `json:"name"`
	Host string `json:"host,omitempty"` // empty means every host
	Path string `json:"path,omitempty"` // a prefix; empty means every path
}

// Exchange is a request and what comes of it. Field names are those of cases.yaml.
type Exchange struct {
	Name     string   `json:"name"`
	Repeat   int      `json:"repeat,omitempty"` // how often it is sent; the response is that of the last one
	Request  Request  `json:"request"`
	Response Response `json:"response"`
}

// Request is a request to send.
type Request struct {
	Method  string            `json:"method,omitempty"` // empty means GET
	Host    string            `json:"host,omitempty"`
	Path    string            `json:"path,omitempty"` // empty means /
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Response is what must come back.
type Response struct {
	StatusCode   int               `json:"statusCode"`
	Headers      map[string]string `json:"headers,omitempty"`
	Body         *string           `json:"body,omitempty"`
	BodyContains []string          `json:"bodyContains,omitempty"`
}

var pluginName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// Load reads the plugin.yaml in a folder.
func Load(dir string) (*Plugin, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "plugin.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p := &Plugin{Dir: dir}
	strict, err := k8sjson.UnmarshalStrict(asJSON, p)
	if err = errors.Join(append(strict, err)...); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

func (p *Plugin) check() error {
	switch {
	case !pluginName.MatchString(p.Name):
		return fmt.Errorf("name: must be lower-case letters, digits and hyphens, not %q", p.Name)
	case p.Version == "":
		return errors.New("version: must not be empty")
	case p.FailStrategy != "FAIL_OPEN" && p.FailStrategy != "FAIL_CLOSE":
		return fmt.Errorf("failStrategy: must be FAIL_OPEN or FAIL_CLOSE, not %q", p.FailStrategy)
	}
	for i, what := range p.Uses {
		if _, known := module.HigressOnly[what]; !known {
			return fmt.Errorf("uses[%d]: must be one of %s, not %q", i, strings.Join(slices.Sorted(maps.Keys(module.HigressOnly)), ", "), what)
		}
	}
	if err := checkPhase("phase", p.Phase); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, place := range p.Placements {
		field := fmt.Sprintf("placements[%d].", i)
		if !pluginName.MatchString(place.Name) || !strings.HasPrefix(place.Name, p.Name+"-") || seen[place.Name] {
			return fmt.Errorf("%sname: must be %s- and a word that no other placement has, not %q", field, p.Name, place.Name)
		}
		if err := checkPhase(field+"phase", place.Phase); err != nil {
			return err
		}
		seen[place.Name] = true
	}
	for i, e := range p.Examples {
		for service, kind := range e.Services {
			colon := strings.LastIndexByte(service, ':')
			if port, err := strconv.Atoi(service[colon+1:]); colon <= 0 || err != nil || port < 1 || port > 65535 {
				return fmt.Errorf("examples[%d].services: must be named HOST:PORT, not %q", i, service)
			}
			if kind != "echo" && kind != "redis" {
				return fmt.Errorf("examples[%d].services[%s]: must be echo or redis, not %q", i, service, kind)
			}
		}
		for j, x := range e.Requests {
			if x.Response.StatusCode == 0 {
				return fmt.Errorf("examples[%d].requests[%d].response.statusCode: must not be empty", i, j)
			}
		}
	}
	return nil
}

func checkPhase(field, phase string) error {
	if slices.Contains([]string{"", "UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"}, phase) {
		return nil
	}
	return fmt.Errorf("%s: must be one of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS, not %q", field, phase)
}

// Wasm is where the finished module is built to.
func (p *Plugin) Wasm() string { return filepath.Join(p.Dir, "plugin.wasm") }

// Checkout returns the root of the wasmplane checkout that dir is in, or "".
func Checkout(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		if isFile(filepath.Join(dir, "go.work")) && isFile(filepath.Join(dir, "pkg", "wrapper", "doc.go")) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// Find resolves what a user names: a folder with a plugin.yaml, or a plugin of the checkout that the current folder is
// in. "" means the plugin in the current folder.
func Find(name string) (*Plugin, error) {
	if name == "" {
		name = "."
	}
	if isFile(filepath.Join(name, "plugin.yaml")) {
		return Load(name)
	}
	root := Checkout(".")
	if root != "" && !strings.ContainsRune(name, os.PathSeparator) && isFile(filepath.Join(root, "extensions", name, "plugin.yaml")) {
		return Load(filepath.Join(root, "extensions", name))
	}
	if root == "" {
		return nil, fmt.Errorf("no plugin %q: there is no %s, and this folder is not in a wasmplane checkout", name, filepath.Join(name, "plugin.yaml"))
	}
	return nil, fmt.Errorf("no plugin %q: the checkout has %s", name, strings.Join(Names(root), ", "))
}

// Names lists the plugins of a checkout, sorted.
func Names(root string) []string {
	files, _ := filepath.Glob(filepath.Join(root, "extensions", "*", "plugin.yaml"))
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	slices.Sort(names)
	return names
}

// splitService cuts "host:port"; check has seen that it has this form.
func splitService(service string) (host string, port int) {
	i := strings.LastIndexByte(service, ':')
	port, _ = strconv.Atoi(service[i+1:])
	return service[:i], port
}
