package manifest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WasmPlugin is the Higress resource extensions.higress.io/v1alpha1 WasmPlugin.
type WasmPlugin struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              WasmPluginSpec `json:"spec,omitempty"`
	Status            any            `json:"status,omitempty"`
}

// WasmPluginSpec holds the resource's fields; see the CRD for their meaning.
type WasmPluginSpec struct {
	URL                  string         `json:"url,omitempty"`
	SHA256               string         `json:"sha256,omitempty"`
	ImagePullPolicy      string         `json:"imagePullPolicy,omitempty"`
	ImagePullSecret      string         `json:"imagePullSecret,omitempty"`
	VerificationKey      string         `json:"verificationKey,omitempty"`
	PluginName           string         `json:"pluginName,omitempty"`
	Phase                string         `json:"phase,omitempty"`
	Priority             *int64         `json:"priority,omitempty"`
	FailStrategy         string         `json:"failStrategy,omitempty"`
	VMConfig             *VMConfig      `json:"vmConfig,omitempty"`
	PluginConfig         map[string]any `json:"pluginConfig,omitempty"`
	DefaultConfig        map[string]any `json:"defaultConfig,omitempty"`
	DefaultConfigDisable bool           `json:"defaultConfigDisable,omitempty"`
	MatchRules           []MatchRule    `json:"matchRules,omitempty"`
	Selector             map[string]any `json:"selector,omitempty"`
}

// VMConfig configures the plugin's VM.
type VMConfig struct {
	Env []EnvVar `json:"env,omitempty"`
}

// EnvVar is one environment variable of the VM. ValueFrom HOST takes the gateway's own variable of that name.
type EnvVar struct {
	Name      string `json:"name"`
	Value     string `json:"value,omitempty"`
	ValueFrom string `json:"valueFrom,omitempty"`
}

// MatchRule is a configuration for some routes, domains or services.
type MatchRule struct {
	Ingress       []string       `json:"ingress,omitempty"`
	Domain        []string       `json:"domain,omitempty"`
	Service       []string       `json:"service,omitempty"`
	RouteType     string         `json:"routeType,omitempty"`
	Config        map[string]any `json:"config,omitempty"`
	ConfigDisable bool           `json:"configDisable,omitempty"`
}

// Phase is the place of a plugin in the chain.
type Phase int

// Phases in chain order.
const (
	PhaseAuthn Phase = iota
	PhaseAuthz
	PhaseStats
	PhaseUnspecified
)

var phases = map[string]Phase{"": PhaseUnspecified, "UNSPECIFIED_PHASE": PhaseUnspecified, "AUTHN": PhaseAuthn, "AUTHZ": PhaseAuthz, "STATS": PhaseStats}

// String returns the name the resource uses.
func (p Phase) String() string {
	return [...]string{"AUTHN", "AUTHZ", "STATS", "UNSPECIFIED_PHASE"}[p]
}

// Plugin is an installed WasmPlugin, ready for a gateway.
type Plugin struct {
	Name, Namespace string
	URL, SHA256     string
	PullPolicy      string // "", IfNotPresent, Always
	PullSecret      string
	// DockerConfig is the content of the Secret named PullSecret, JSON; nil when there is none among the manifests.
	DockerConfig  []byte
	RootID        string // spec.pluginName
	Phase         Phase
	Priority      *int64
	FailOpen      bool
	Env           []EnvVar
	Configuration []byte // JSON, nil when there is none
	Source        string // "file:line" of the resource
	// Revision changes whenever the resource does, be it by a label.
	Revision string
}

// FilterName is the plugin's name in the gateway, "<namespace>.<name>".
func (p *Plugin) FilterName() string { return p.Namespace + "." + p.Name }

func (d *document) wasmPlugin(opts Options) *Plugin {
	if d.header.APIVersion != "extensions.higress.io/v1alpha1" {
		d.fail("apiVersion", "must be extensions.higress.io/v1alpha1, not %q", d.header.APIVersion)
		return nil
	}
	if ns := d.header.Metadata.Namespace; ns != opts.namespace() {
		d.warn("metadata.namespace", "ignored: the gateway reads WasmPlugins of namespace %s only", opts.namespace())
		return nil
	}
	var res WasmPlugin
	if !d.decode(&res) {
		return nil
	}
	before := len(*d.problems)
	spec := &res.Spec
	d.oneOf("spec.phase", spec.Phase, "UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS")
	d.oneOf("spec.failStrategy", spec.FailStrategy, "FAIL_CLOSE", "FAIL_OPEN")
	d.oneOf("spec.imagePullPolicy", spec.ImagePullPolicy, "UNSPECIFIED_POLICY", "IfNotPresent", "Always")
	if spec.URL == "" {
		d.fail("spec.url", "must not be empty")
	}
	plugin := &Plugin{
		Name: res.Name, Namespace: d.header.Metadata.Namespace,
		URL: spec.URL, SHA256: spec.SHA256, PullSecret: spec.ImagePullSecret,
		RootID: spec.PluginName, Phase: phases[spec.Phase], Priority: spec.Priority,
		FailOpen: spec.FailStrategy == "FAIL_OPEN",
		Source:   fmt.Sprintf("%s:%d", d.file, d.line),
		Revision: fmt.Sprintf("%x", sha256.Sum256(d.json)),
	}
	if spec.ImagePullPolicy != "UNSPECIFIED_POLICY" {
		plugin.PullPolicy = spec.ImagePullPolicy
	}
	plugin.Env = d.environment(spec.VMConfig)
	installed := d.configuration(spec, plugin)
	if !installed || len(*d.problems) > before {
		return nil
	}
	return plugin
}

func (d *document) oneOf(field, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		d.fail(field, "must be one of %s, not %q", strings.Join(allowed, ", "), value)
	}
}

func (d *document) environment(vm *VMConfig) []EnvVar {
	if vm == nil {
		return nil
	}
	var env []EnvVar
	for i, v := range vm.Env {
		field := fmt.Sprintf("spec.vmConfig.env[%d]", i)
		d.oneOf(field+".valueFrom", v.ValueFrom, "INLINE", "HOST")
		if v.Name == "" {
			d.fail(field+".name", "must not be empty")
		}
		// Entries for the Istio agent are removed before the VM sees its environment.
		if !strings.HasPrefix(v.Name, "ISTIO_META") {
			env = append(env, v)
		}
	}
	return env
}

// configuration builds the plugin's JSON the way the Higress controller does and reports whether the plugin is
// installed at all.
func (d *document) configuration(spec *WasmPluginSpec, plugin *Plugin) bool {
	if spec.PluginConfig != nil {
		plugin.Configuration = d.marshal("spec.pluginConfig", spec.PluginConfig)
		return true
	}
	config := map[string]any{}
	if !spec.DefaultConfigDisable {
		for k, v := range spec.DefaultConfig {
			config[k] = v
		}
	}
	var rules []any
	for i, rule := range spec.MatchRules {
		field := fmt.Sprintf("spec.matchRules[%d]", i)
		d.oneOf(field+".routeType", rule.RouteType, "HTTP", "GRPC")
		if rule.ConfigDisable {
			continue
		}
		if len(rule.Ingress)+len(rule.Domain)+len(rule.Service) == 0 {
			d.fail(field, "must have at least one of ingress, domain and service")
			continue
		}
		entry := map[string]any{}
		for k, v := range rule.Config {
			entry[k] = v
		}
		for key, list := range map[string][]string{"_match_route_": rule.Ingress, "_match_service_": rule.Service, "_match_domain_": rule.Domain} {
			if len(list) > 0 {
				entry[key] = list
			}
		}
		rules = append(rules, entry)
	}
	if len(rules) > 0 {
		config["_rules_"] = rules
	}
	if len(rules) == 0 && spec.DefaultConfigDisable {
		return false
	}
	if len(config) > 0 {
		plugin.Configuration = d.marshal("spec.defaultConfig", config)
	}
	return true
}

// marshal renders a configuration. Numbers pass through doubles, as in the controller's protobuf Struct.
func (d *document) marshal(field string, config map[string]any) []byte {
	if len(config) == 0 {
		return nil
	}
	data, err := json.Marshal(config)
	if err != nil {
		d.fail(field, "%v", err)
		return nil
	}
	var doubles any
	if err := json.Unmarshal(data, &doubles); err != nil {
		d.fail(field, "%v", err)
		return nil
	}
	data, _ = json.Marshal(doubles) // cannot fail: it came out of JSON
	return data
}

// chainOrder sorts plugins into their order on the request path: by phase, then priority descending, unset last, ties
// by "<name>.<namespace>".
func chainOrder(plugins []*Plugin) {
	slices.SortStableFunc(plugins, func(a, b *Plugin) int {
		if a.Phase != b.Phase {
			return int(a.Phase) - int(b.Phase)
		}
		if (a.Priority == nil) != (b.Priority == nil) {
			if a.Priority == nil {
				return 1
			}
			return -1
		}
		if a.Priority != nil && *a.Priority != *b.Priority {
			if *a.Priority > *b.Priority {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name+"."+a.Namespace, b.Name+"."+b.Namespace)
	})
}
