package validate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/crd"
)

const guardYAML = `
name: guard
version: 1.0.0
failStrategy: FAIL_CLOSE
config:
  type: object
  required: [keys]
  anyOf: [{required: [keys]}, {required: [secrets]}]
  properties:
    keys: {$ref: "#/$defs/names"}
    secrets: {type: array, items: {type: string, pattern: "^[a-f]+$"}}
    limit: {type: integer, minimum: 1}
    callers: {type: array, items: {type: object, required: [name], properties: {name: {type: string}}}}
  $defs: {names: {type: array, minItems: 1, items: {type: string}}}
ruleConfig:
  type: object
  additionalProperties: false
  properties:
    allow: {type: array, minItems: 1}
    _disable_: {type: boolean}
`

func guard(t *testing.T) *catalog.Plugin {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(guardYAML), 0o600))
	p, err := catalog.Load(dir)
	require.NoError(t, err)
	return p
}

func higress(t *testing.T) *crd.Set {
	t.Helper()
	set, err := crd.Higress()
	require.NoError(t, err)
	return set
}

// The resource's spec begins in line 5.
const head = "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a, namespace: higress-system}\nspec:\n"

func TestWasmPlugins(t *testing.T) {
	const url = "  url: oci://r.example.com/guard:1\n" // line 5
	const good = url + "  defaultConfig: {keys: [a]}\n"
	plugins := map[string]*catalog.Plugin{"guard": guard(t)}
	for _, c := range []struct {
		name, text string
		want       []string // without "f:" and the resource
	}{
		{"nothing wrong", head + good, nil},
		{"a rule without a global part", head + url + "  matchRules:\n  - {ingress: [x], config: {allow: [y]}}\n", nil},
		{"global part and rules in pluginConfig", head + url + "  pluginConfig:\n    keys: [a]\n    _rules_:\n    - {_match_route_prefix_: [x], allow: [y]}\n", nil},

		// The CRD
		{"unknown field", head + good + "  prio: 1\n", []string{"7: spec.prio: unknown field"}},
		{"a wrong type ends the check", head + good + "  matchRules: {}\n", []string{`7: spec.matchRules: Invalid value: "object"`}},
		{"another version", strings.Replace(head, "v1alpha1", "v1", 1) + good, []string{"1: apiVersion: Higress has no kind WasmPlugin in extensions.higress.io/v1"}},
		{"no kind", "apiVersion: v1\n", []string{"1: kind: must be a text, and not empty"}},
		{"a kind of others", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n", []string{"2: kind: note: not checked"}},
		{"the same resource twice", head + good + "---\n" + head + good, []string{"10: metadata.name: the same resource is already at f:1"}},

		// What the controller makes of it
		{"no url", head + "  pluginName: guard\n  defaultConfig: {keys: [a]}\n", []string{"4: spec.url: must not be empty"}},
		{"docker", head + "  url: docker://r/guard:1\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: Higress knows no docker:// URLs; write oci://r/guard:1"}},
		{"scheme", head + "  url: ftp://r/guard\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: must be an oci, http, https or file URL, not ftp://"}},
		{"file with one slash", head + "  url: file:/opt/guard/plugin.wasm\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: file:/opt/guard/plugin.wasm must have three slashes"}},
		{"an image without a name", head + "  url: oci://\n  pluginName: guard\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: not an image reference: oci://"}},
		{"an image in capitals", head + "  url: oci://UPPER/guard:1\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: not an image reference: oci://UPPER/guard:1"}},
		{"two tags", head + "  url: r/guard:1:2\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: not an image reference: r/guard:1:2"}},
		{"a short digest", head + "  url: oci://r/guard@sha256:12\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: not an image reference: oci://r/guard@sha256:12"}},
		{"a blank in a URL", head + "  url: oci://r/ guard:1\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: not an image reference", `5: spec.url: note: the configuration is not checked: there is no plugin " guard" here`}},
		{"a web server without a name", head + "  url: http:///guard.wasm\n  defaultConfig: {keys: [a]}\n", []string{`5: spec.url: "http:///guard.wasm" is not a URL`}},
		{"another digest in the URL", head + "  url: oci://r/guard@sha256:" + strings.Repeat("ab", 32) + "\n  sha256: " + strings.Repeat("cd", 32) + "\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: oci://r/guard@sha256:abab"}},
		{"a mirror", head + "  url: oci://r/mirror/g:1\n  pluginName: guard\n  defaultConfig: {keys: 1}\n", []string{"6: spec.pluginName: note: the configuration is checked as that of guard", "7: spec.defaultConfig.keys: got number, want array"}},
		{"file with two slashes", head + "  url: file://guard/plugin.wasm\n  defaultConfig: {keys: [a]}\n", []string{"5: spec.url: file://guard/plugin.wasm must have three slashes"}},
		{"digest", head + good + "  sha256: sha256:abc\n", []string{"7: spec.sha256: must be 64 hexadecimal digits"}},
		{"namespace", strings.Replace(head, "higress-system", "default", 1) + good, []string{"3: metadata.namespace: note: Higress reads WasmPlugins of namespace higress-system only"}},
		{"not installed", head + good + "  defaultConfigDisable: true\n", []string{"7: spec.defaultConfigDisable: note: the plugin is not installed"}},
		{"configuration that pluginConfig hides", head + good + "  pluginConfig: {keys: [b]}\n  matchRules: []\n", []string{
			"6: spec.defaultConfig: ignored", "8: spec.matchRules: ignored"}},
		{"rules in two places", head + url + "  defaultConfig:\n    keys: [a]\n    _rules_: [{_match_route_: [x], allow: [y]}]\n  matchRules:\n  - {ingress: [x], config: {allow: [y]}}\n", []string{
			"8: spec.defaultConfig._rules_: replaced by matchRules"}},
		{"a rule that matches nothing", head + good + "  matchRules:\n  - config: {allow: [x]}\n", []string{"8: spec.matchRules[0]: has none of ingress, domain and service"}},
		{"the same in pluginConfig", head + url + "  pluginConfig:\n    _rules_:\n    - allow: [x]\n", []string{"8: spec.pluginConfig._rules_[0]: has none of _match_route_"}},
		{"match lists that do not count", head + good + "  matchRules:\n  - ingress: [a]\n    domain: [b]\n    config: {allow: [x]}\n  - domain: [b]\n    service: [c]\n    config: {allow: [x]}\n", []string{
			"9: spec.matchRules[0].domain: ignored", "12: spec.matchRules[1].service: ignored"}},
		{"names that nothing has", head + good + "  matchRules:\n  - {ingress: [a, \"\"], config: {allow: [x]}}\n  - {ingress: [\" a\"], service: [\"\"], config: {allow: [x]}}\n  - {configDisable: true, ingress: [\"\"], config: {allow: [x]}}\n", []string{
			"8: spec.matchRules[0].ingress[1]: must not be empty", "9: spec.matchRules[1].ingress[0]: matches nothing: no route or service has a blank", "9: spec.matchRules[1].service[0]: must not be empty"}},
		{"domains that match nothing", head + good + "  matchRules:\n  - domain:\n    - https://b.com/\n    - \"*.ok.com\"\n    - b.com:80\n    - \"\"\n    - a.com,b.com\n    config: {allow: [x]}\n", []string{
			"9: spec.matchRules[0].domain[0]: matches nothing: it is a URL", "11: spec.matchRules[0].domain[2]: matches nothing: hosts are compared without", "12: spec.matchRules[0].domain[3]: must not be empty", "13: spec.matchRules[0].domain[4]: note: is one domain with a comma"}},
		{"the same in _rules_", head + url + "  pluginConfig:\n    _rules_:\n    - _match_domain_: [a.com, b.com/x]\n      allow: [x]\n    - _match_route_: \"\"\n      allow: [x]\n", []string{
			"8: spec.pluginConfig._rules_[0]._match_domain_[1]: matches nothing: a host has no path", "10: spec.pluginConfig._rules_[1]._match_route_: must not be empty"}},
		{"gRPC routes", head + good + "  matchRules:\n  - ingress: [a]\n    routeType: GRPC\n    config: {allow: [x]}\n", []string{"9: spec.matchRules[0].routeType: with GRPC"}},
		{"environment", head + good + "  vmConfig:\n    env:\n    - value: x\n    - {name: A, valueFrom: HOST, value: x}\n", []string{
			"9: spec.vmConfig.env[0].name: must not be empty", "10: spec.vmConfig.env[1].value: ignored"}},

		// The configuration
		{"an unknown plugin is none of our business", head + "  url: oci://r/other:1\n  defaultConfig: {x: 1}\n", []string{`5: spec.url: note: the configuration is not checked: there is no plugin "other" here`}},
		{"required fields", head + url, []string{"4: spec: one of these is required: keys; secrets", "4: spec: required, and missing: keys"}},
		{"wrong value", head + url + "  defaultConfig:\n    keys: [a]\n    limit: 0\n", []string{"8: spec.defaultConfig.limit: minimum: got 0, want 1"}},
		{"wrong value in a list", head + url + "  defaultConfig:\n    keys: [a]\n    callers:\n    - name: x\n    - name: 1\n", []string{"10: spec.defaultConfig.callers[1].name: got number, want string"}},
		{"a value that may be secret is not told", head + url + "  defaultConfig:\n    keys: [a]\n    secrets: [hunter2]\n", []string{"8: spec.defaultConfig.secrets[0]: does not match the pattern ^[a-f]+$"}},
		{"a misspelt field", head + url + "  defaultConfig:\n    keys: [a]\n    callers: [{name: x, nick: y}]\n    limits: 1\n", []string{
			"8: spec.defaultConfig.callers[0].nick: note: unknown field", "9: spec.defaultConfig.limits: note: unknown field"}},
		{"a rule has a schema of its own", head + good + "  matchRules:\n  - ingress: [a]\n    config:\n      allow: []\n      _disable_: 1\n  - ingress: [b]\n    config: {keys: [a]}\n", []string{
			"10: spec.matchRules[0].config.allow: minItems: got 0, want 1", "11: spec.matchRules[0].config._disable_: got number, want boolean", "13: spec.matchRules[1].config: additional properties 'keys' not allowed"}},
		{"what is disabled is noted", head + good + "  matchRules:\n  - {ingress: [a], configDisable: true, config: {allow: []}}\n", []string{"8: spec.matchRules[0].config.allow: note: minItems"}},
		{"numbers that doubles cannot hold", head + url + "  defaultConfig:\n    keys: [a]\n    limit: 9007199254740993\n", []string{"8: spec.defaultConfig.limit: Higress passes numbers on as doubles: 9007199254740993 arrives as 9007199254740992"}},
		{"fails open", head + good + "  failStrategy: FAIL_OPEN\n", []string{"7: spec.failStrategy: note: guard is made for FAIL_CLOSE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := New(Options{CRDs: higress(t), Plugins: plugins})
			var got []string
			for _, p := range v.Check(context.Background(), "f", []byte(c.text)) {
				if p.Warning {
					p.Message = "note: " + p.Message
				}
				p.Resource = ""
				got = append(got, strings.TrimPrefix(p.Error(), "f:"))
			}
			require.Len(t, got, len(c.want), "%s", strings.Join(got, "\n"))
			for i := range c.want {
				assert.True(t, strings.HasPrefix(got[i], c.want[i]), "want %s\ngot  %s", c.want[i], got[i])
			}
			assert.Equal(t, strings.Count(c.text, "apiVersion"), v.Checked())
		})
	}
}

func TestThePluginHasTheLastWord(t *testing.T) {
	plugins := map[string]*catalog.Plugin{"guard": guard(t)}
	var asked []string
	ask := func(complaints []string, err error) []string {
		asked = nil
		v := New(Options{CRDs: higress(t), Plugins: plugins, Load: func(_ context.Context, p *catalog.Plugin, _ string, configuration []byte) ([]string, error) {
			asked = append(asked, p.Name+" "+string(configuration))
			return complaints, err
		}})
		var got []string
		for _, p := range v.Check(context.Background(), "f", []byte(head+"  url: oci://r/guard:1\n  defaultConfig: {keys: [a]}\n  matchRules:\n  - {domain: [d], config: {}}\n")) {
			got = append(got, p.Error())
			assert.False(t, p.Warning)
		}
		return got
	}
	const whole = `guard {"_rules_":[{"_match_domain_":["d"]}],"keys":["a"]}`
	assert.Empty(t, ask(nil, nil))
	assert.Equal(t, []string{whole}, asked, "it gets what the controller would send")
	assert.Equal(t, []string{"f:6: WasmPlugin higress-system/a: spec.defaultConfig: the plugin takes the configuration, but says: nobody passes"}, ask([]string{"nobody passes"}, nil))
	assert.Equal(t, []string{"f:6: WasmPlugin higress-system/a: spec.defaultConfig: the plugin refuses the configuration: no"}, ask(nil, errors.New("no")))

	plugins["guard"].Config = map[string]any{"required": []any{"absent"}}
	assert.Len(t, ask(nil, errors.New("no")), 1)
	assert.Empty(t, asked, "what the schema refuses is not asked about")
}

func TestThePluginHasTheLastWordInTheBuildThatRuns(t *testing.T) {
	p := guard(t)
	p.Requires = []string{"redis"}
	digest := "@sha256:" + strings.Repeat("ab", 32)
	for _, c := range []struct {
		url     string
		options Options
		want    string
	}{
		{"oci://r/guard:1", Options{}, p.Wasm()},
		{"oci://r/guard:1-envoy", Options{}, p.EnvoyWasm()},
		{"oci://r/guard:1-envoy" + digest, Options{}, p.EnvoyWasm()},
		{"file:///opt/guard/plugin.envoy.wasm", Options{}, p.EnvoyWasm()},
		{"oci://r/guard" + digest, Options{}, p.Wasm()},
		{"oci://r/guard" + digest, Options{EnvoyBuild: true}, p.EnvoyWasm()},
		{"oci://r/guard:1", Options{URL: "oci://r/guard:1-envoy"}, p.EnvoyWasm()},
		{"oci://r/other:1", Options{URL: "oci://r/guard:1"}, p.Wasm()},
	} {
		var asked []string
		c.options.CRDs, c.options.Plugins = higress(t), map[string]*catalog.Plugin{"guard": p}
		c.options.Load = func(_ context.Context, _ *catalog.Plugin, wasm string, _ []byte) ([]string, error) {
			asked = append(asked, wasm)
			return nil, nil
		}
		problems := New(c.options).Check(context.Background(), "f", []byte(head+"  url: "+c.url+"\n  defaultConfig: {keys: [a]}\n"))
		assert.Empty(t, problems, c.url)
		assert.Equal(t, []string{c.want}, asked, c.url)
	}
}

// Names that a rule matches in vain leave the plugin's own, less precise complaint out.
func TestThePluginIsNotAskedAboutEmptyNames(t *testing.T) {
	v := New(Options{CRDs: higress(t), Plugins: map[string]*catalog.Plugin{"guard": guard(t)}, Load: func(context.Context, *catalog.Plugin, string, []byte) ([]string, error) {
		return nil, errors.New("there is at least one of …")
	}})
	problems := v.Check(context.Background(), "f", []byte(head+"  url: oci://r/guard:1\n  defaultConfig: {keys: [a]}\n  matchRules:\n  - {ingress: [\"\"], config: {allow: [x]}}\n"))
	require.Len(t, problems, 1)
	assert.EqualError(t, problems[0], "f:8: WasmPlugin higress-system/a: spec.matchRules[0].ingress[0]: must not be empty")
}

func TestDomainsThatMatchNothing(t *testing.T) {
	for pattern, reason := range map[string]string{
		"example.com": "", "B2.com": "", "example.com.": "", "*.example.com": "", "*example.com": "", "example.*": "", "*": "", "my_host": "",
		"10.0.0.1": "", "[::1]": "", "[2001:db8:*": "", "*::1]": "", "xn--bcher-kva.example": "", "a%2fb": "", "localhost": "",
		"https://b.com/": "it is a URL",
		"b4.com/orders":  "a host has no path",
		"*.*.b3.com":     "an asterisk stands for any text at one end only",
		"a.*.com":        "an asterisk stands",
		"*.b.com*":       "an asterisk stands",
		" b.com":         "a host has no blanks",
		"b.com ":         "a host has no blanks",
		"b .com":         "a host has no blanks",
		"b.com:8443":     "hosts are compared without their port",
		"*.b.com:8443":   "hosts are compared without their port",
		"b.com:*":        "hosts are compared without their port",
		"[::1]:80":       "hosts are compared without their port",
		"bücher.example": "requests have international domains in their ASCII form",
		"user@b.com":     "a host has no '@'",
		"b.com?x":        "a host has no '?'",
		"b.com#x":        "a host has no '#'",
		"b\\.com":        "a host has no '\\\\'",
	} {
		got := matchesNoHost(pattern)
		if reason == "" {
			assert.Empty(t, got, pattern)
			continue
		}
		assert.True(t, strings.HasPrefix(got, reason), "%q: want %s, got %s", pattern, reason, got)
	}
}

func TestRecognize(t *testing.T) {
	known := map[string]*catalog.Plugin{}
	for _, name := range []string{"key-auth", "root-id", "resource"} {
		known[name] = &catalog.Plugin{Name: name}
	}
	for url, want := range map[string]string{
		"oci://r.example.com:5000/plugins/key-auth:1.0.0":        "key-auth",
		"oci://r.example.com/plugins/key-auth@sha256:0123":       "key-auth",
		"oci://r.example.com/plugins/key-auth:1.0.0@sha256:0123": "key-auth",
		"r.example.com/plugins/key-auth":                         "key-auth",
		"file:///opt/plugins/key-auth/plugin.wasm":               "key-auth",
		"file:///opt/plugins/key-auth/plugin.envoy.wasm":         "key-auth",
		"file:///opt/plugins/key-auth.wasm":                      "key-auth",
		"https://example.com/key-auth/plugin.wasm?version=2":     "key-auth",
		"http://plugin-server.higress-system:8080/key-auth.wasm": "key-auth",
		"":                                "root-id",
		"oci://r.example.com/":            "root-id",
		"oci://r.example.com/mirror/ka:1": "root-id",
	} {
		got := Recognize(known, []string{url}, "root-id", "resource")
		require.NotNil(t, got.Plugin, url)
		assert.Equal(t, want, got.Plugin.Name, url)
		assert.Equal(t, strings.Contains(url, "mirror"), got.ByPluginName, url)
	}
	got := Recognize(known, []string{"file:///plugin.wasm"}, "", "resource")
	assert.Equal(t, known["resource"], got.Plugin, "nothing else tells")
	got = Recognize(known, []string{"https://x/mirror/k.wasm", "oci://r/key-auth:1"}, "root-id", "resource")
	assert.Equal(t, known["key-auth"], got.Plugin, "the same module in two places, one of which tells")
	for _, c := range []struct{ url, pluginName, resource, want string }{
		{"oci://r/my-auth:1", "", "key-auth", `there is no plugin "my-auth" here (if it is key-auth under another name, say so by pluginName: key-auth)`},
		{"oci://r/", "my-auth", "key-auth", `there is no plugin "my-auth" here (if it is key-auth under another name, say so by pluginName: key-auth)`},
		{"oci://r/my-auth:1", "mine", "any", `there is no plugin "my-auth" here`},
		{"", "", "any", `there is no plugin "any" here`},
	} {
		got := Recognize(known, []string{c.url}, c.pluginName, c.resource)
		assert.Nil(t, got.Plugin, "a resource's name alone does not outweigh what the URL says")
		assert.Equal(t, c.want, got.Unknown())
	}
}
