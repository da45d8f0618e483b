package validate

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/resource"
)

// wasmPlugin is one Higress WasmPlugin that is being checked; its fields have the types of the CRD.
type wasmPlugin struct {
	validator *Validator
	doc       *resource.Document
	spec      manifest.WasmPluginSpec
	problems  manifest.Problems

	recognized Recognized
	emptyNames bool // a rule matches an empty name, which is refused; the SDK would say something less precise
}

func (p *wasmPlugin) fail(field, format string, args ...any) {
	p.problems = append(p.problems, p.doc.Problem(field, format, args...))
}

func (p *wasmPlugin) note(field, format string, args ...any) {
	p.problems = append(p.problems, note(p.doc, field, format, args...))
}

func (p *wasmPlugin) check(ctx context.Context) {
	data, err := yaml.Marshal(p.doc.Object["spec"])
	if err == nil {
		err = yaml.Unmarshal(data, &p.spec)
	}
	if err != nil {
		p.fail("spec", "%v", err)
		return
	}
	p.place()
	p.module()
	p.environment()
	p.sources()
	p.rules()
	p.recognized = Recognize(p.validator.options.Plugins, []string{p.validator.options.URL, p.spec.URL}, p.spec.PluginName, p.doc.Name())
	if p.recognized.Plugin == nil {
		p.note("spec.url", "the configuration is not checked: %s", p.recognized.Unknown())
		return
	}
	if p.recognized.ByPluginName {
		p.note("spec.pluginName", "the configuration is checked as that of %s: the name in the url is not known here", p.recognized.Plugin.Name)
	}
	p.configuration(ctx, p.recognized.Plugin)
}

// url is where the module comes from in the end.
func (p *wasmPlugin) url() string {
	if url := p.validator.options.URL; url != "" {
		return url
	}
	return p.spec.URL
}

// place says whether the controller looks at the resource, and installs anything.
func (p *wasmPlugin) place() {
	want := p.validator.options.Namespace
	if namespace := p.doc.Namespace(); namespace != "" && namespace != want {
		p.note("metadata.namespace", "Higress reads WasmPlugins of namespace %s only, unless it was installed into this one (--namespace)", want)
	}
	enabled := slices.ContainsFunc(p.spec.MatchRules, func(r manifest.MatchRule) bool { return !r.ConfigDisable })
	if p.spec.PluginConfig == nil && p.spec.DefaultConfigDisable && !enabled {
		p.note("spec.defaultConfigDisable", "the plugin is not installed: no rule is in force, and the default is disabled")
	}
}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// module checks where the module comes from.
func (p *wasmPlugin) module() {
	url, sum := p.spec.URL, p.spec.SHA256
	scheme, rest, hasScheme := strings.Cut(url, "://")
	switch {
	case url == "":
		p.fail("spec.url", "must not be empty")
	case hasScheme && scheme == "docker":
		p.fail("spec.url", "Higress knows no docker:// URLs; write oci://%s", rest)
	case hasScheme && !slices.Contains([]string{"oci", "http", "https", "file"}, scheme):
		p.fail("spec.url", "must be an oci, http, https or file URL, not %s://", scheme)
	default:
		source := fetch.Source{URL: url}
		if sha256Form.MatchString(sum) {
			source.SHA256 = sum
		}
		if err := fetch.Check(source); err != nil {
			p.fail("spec.url", "%v", err)
		}
	}
	if sum != "" && !sha256Form.MatchString(sum) {
		p.fail("spec.sha256", "must be 64 hexadecimal digits in lower case")
	}
}

func (p *wasmPlugin) environment() {
	if p.spec.VMConfig == nil {
		return
	}
	for i, env := range p.spec.VMConfig.Env {
		field := fmt.Sprintf("spec.vmConfig.env[%d]", i)
		if env.Name == "" {
			p.fail(field+".name", "must not be empty")
		}
		if env.ValueFrom == "HOST" && env.Value != "" {
			p.fail(field+".value", "ignored: with valueFrom HOST the value is the gateway's own variable")
		}
	}
}

// sources finds configuration that is written down and never used.
func (p *wasmPlugin) sources() {
	if p.spec.PluginConfig != nil {
		for _, field := range []string{"defaultConfig", "defaultConfigDisable", "matchRules"} {
			if _, set := p.doc.Spec()[field]; set {
				p.fail("spec."+field, "ignored: pluginConfig is the whole configuration")
			}
		}
		return
	}
	if _, inDefault := p.spec.DefaultConfig[rulesKey]; inDefault && len(p.spec.MatchRules) > 0 {
		p.fail("spec.defaultConfig."+rulesKey, "replaced by matchRules")
	}
}

// rules checks what matchRules match.
func (p *wasmPlugin) rules() {
	if p.spec.PluginConfig != nil {
		return
	}
	for i, rule := range p.spec.MatchRules {
		field := fmt.Sprintf("spec.matchRules[%d]", i)
		if rule.ConfigDisable {
			continue
		}
		if len(rule.Ingress)+len(rule.Domain)+len(rule.Service) == 0 {
			p.fail(field, "has none of ingress, domain and service: Higress then ignores the whole resource")
		}
		if len(rule.Ingress) > 0 && len(rule.Domain) > 0 {
			p.fail(field+".domain", "ignored, because the rule has ingress: it applies to these routes on every domain")
		}
		if len(rule.Ingress) == 0 && len(rule.Domain) > 0 && len(rule.Service) > 0 {
			p.fail(field+".service", "ignored, because the rule has domain: it applies to every service of these domains")
		}
		if rule.RouteType == "GRPC" {
			p.fail(field+".routeType", "with GRPC Higress compares the rule with a route of the name GRPC, whatever ingress says")
		}
		p.names(field+".ingress", rule.Ingress)
		p.names(field+".service", rule.Service)
		p.domains(field+".domain", rule.Domain)
	}
}

// effective is the configuration that the plugin gets from the controller, nil where that is none.
func (p *wasmPlugin) effective() (configuration []byte, installed bool) {
	data, err := yaml.Marshal(p.doc.Object)
	if err != nil {
		return nil, false
	}
	namespace := p.doc.Namespace()
	snapshot, _ := manifest.Parse([]manifest.File{{Name: p.doc.File, Data: data}}, manifest.Options{Namespace: namespace})
	if snapshot == nil || len(snapshot.Plugins) != 1 {
		return nil, false
	}
	return snapshot.Plugins[0].Configuration, true
}

// ask has the compiled plugin judge what its schema allows.
func (p *wasmPlugin) ask(ctx context.Context, plugin *catalog.Plugin) {
	if p.validator.options.Load == nil || p.emptyNames {
		return
	}
	configuration, installed := p.effective()
	if !installed {
		return
	}
	complaints, err := p.validator.options.Load(ctx, plugin, plugin.WasmFor(p.url(), p.validator.options.EnvoyBuild), configuration)
	field := "spec.defaultConfig"
	if p.spec.PluginConfig != nil {
		field = "spec.pluginConfig"
	} else if p.spec.DefaultConfig == nil {
		field = "spec"
	}
	if err != nil {
		p.fail(field, "the plugin refuses the configuration: %v", err)
		return
	}
	for _, complaint := range complaints {
		p.fail(field, "the plugin takes the configuration, but says: %s", complaint)
	}
}
