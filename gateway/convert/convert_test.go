package convert

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
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// plugins are a plugin of each sort: one that runs everywhere, one that holds headers, one with Redis, one that calls a
// service if told so.
func plugins(t *testing.T) map[string]*catalog.Plugin {
	t.Helper()
	out := map[string]*catalog.Plugin{}
	for name, rest := range map[string]string{
		"plain":  "config: {type: object, properties: {a: {}, limit: {type: integer}}}\n",
		"holder": "requires: [headers-stop-iteration]\n",
		"redis":  "requires: [redis]\nexamples: [{name: e, config: {service_name: r.static}, services: {'r.static:6379': redis}}]\n",
		"caller": "examples: [{name: e, services: {'a.static:80': echo}}, {name: f}]\n",
		"lists":  "examples: [{name: e, config: {deny: [a]}}]\n",
		"wisher": "uses: [span-tags, reroute-control]\nconfig: {type: object, properties: {tag: {x-uses: span-tags}, keep: {x-uses: reroute-control, default: false}}}\n",
		"always": "uses: [buffer-limits]\n",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte("name: "+name+"\nversion: 1.0.0\nfailStrategy: FAIL_OPEN\n"+rest), 0o600))
		p, err := catalog.Load(dir)
		require.NoError(t, err)
		out[name] = p
	}
	return out
}

func wasmPlugin(name, spec string) string {
	return "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: " + name + ", namespace: higress-system}\nspec:\n" + spec
}

const (
	plainURL = "  url: oci://r.example.com/plain:1\n"
	digest   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// full is a WasmPlugin with all that Istio has, too.
var full = strings.Replace(wasmPlugin("a", plainURL+"  sha256: "+digest+`
  imagePullPolicy: Always
  imagePullSecret: login
  pluginName: root
  phase: AUTHN
  priority: 310
  failStrategy: FAIL_OPEN
  vmConfig: {env: [{name: ZONE, valueFrom: HOST}]}
  defaultConfig: {a: 1}
  matchRules:
  - {ingress: [old], configDisable: true, config: {a: 9}}
  - {ingress: [orders], routeType: HTTP, config: {a: 2}}
  - {domain: ["*.example.org"], config: {a: 3}}
`), "namespace: higress-system}", "namespace: higress-system, labels: {team: red}, annotations: {kubectl.kubernetes.io/last-applied-configuration: x}}", 1)

func TestIstio(t *testing.T) {
	got, problems := Istio(context.Background(), []manifest.File{{Name: "f", Data: []byte(full)}}, Options{
		Target: &Target{"Gateway", "public"}, Namespace: "edge", Routes: map[string][]string{"orders": {"orders-v2"}}, Plugins: plugins(t),
	})
	require.Empty(t, problems)
	assert.Equal(t, `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  labels:
    team: red
  name: a
  namespace: edge
spec:
  failStrategy: FAIL_OPEN
  imagePullPolicy: Always
  imagePullSecret: login
  phase: AUTHN
  pluginConfig:
    _rules_:
    - _match_route_:
      - orders-v2
      a: 2
    - _match_domain_:
      - '*.example.org'
      a: 3
    a: 1
  pluginName: root
  priority: 310
  sha256: `+digest+`
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: Gateway
    name: public
  url: oci://r.example.com/plain:1
  vmConfig:
    env:
    - name: ZONE
      valueFrom: HOST
`, string(got))
	assertFits(t, istioCRDs, got)
}

func TestEnvoyGateway(t *testing.T) {
	second := wasmPlugin("b", "  url: https://example.com/plain.wasm\n  phase: AUTHN\n  priority: 400\n")
	got, problems := EnvoyGateway(context.Background(), []manifest.File{{Name: "f", Data: []byte(full + "---\n" + second)}}, Options{
		Target: &Target{"HTTPRoute", "shop"}, Routes: map[string][]string{"orders": {"httproute/edge/shop/rule/0/match/0/*", "httproute/edge/shop/rule/1/match/0/*"}}, Plugins: plugins(t),
	})
	require.Empty(t, problems.Fatal())
	assert.Len(t, problems.Warnings(), 2, "a note on each phase")
	assert.Equal(t, `apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: wasm-plugins
  namespace: higress-system
spec:
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: HTTPRoute
    name: shop
  wasm:
  - code:
      http:
        url: https://example.com/plain.wasm
      type: HTTP
    failOpen: false
    name: b
  - code:
      image:
        pullSecretRef:
          kind: Secret
          name: login
        sha256: `+digest+`
        url: r.example.com/plain:1
      pullPolicy: Always
      type: Image
    config:
      _rules_:
      - _match_route_:
        - httproute/edge/shop/rule/0/match/0/*
        - httproute/edge/shop/rule/1/match/0/*
        a: 2
      - _match_domain_:
        - '*.example.org'
        a: 3
      a: 1
    env:
      hostKeys:
      - ZONE
    failOpen: true
    name: a
    rootID: root
`, string(got), "the higher priority comes first")
	assertFits(t, envoyGatewayCRDs, got)
}

func TestRefusals(t *testing.T) {
	const istio, envoyGateway, both = "istio", "envoy-gateway", "both"
	many := ""
	for _, c := range "abcdefghijklmnopq" {
		many += wasmPlugin("p"+string(c), plainURL) + "---\n"
	}
	for _, c := range []struct {
		name, to, text string
		options        Options
		want           string
	}{
		{"what wasmplane validate refuses", both, wasmPlugin("a", plainURL+"  prio: 1\n"), Options{}, "f:6: WasmPlugin higress-system/a: spec.prio: unknown field"},
		{"a configuration that the plugin refuses", both, wasmPlugin("a", plainURL+"  defaultConfig: {limit: x}\n"), Options{}, "f:6: WasmPlugin higress-system/a: spec.defaultConfig.limit: got string, want integer"},
		{"no plugin", both, "kind: Service\napiVersion: v1\nmetadata: {name: s}\n", Options{}, "there is no WasmPlugin of extensions.higress.io/v1alpha1"},
		{"a plugin that is not installed", both, wasmPlugin("a", plainURL+"  defaultConfigDisable: true\n"), Options{}, "f:6: WasmPlugin higress-system/a: spec.defaultConfigDisable: Higress does not install this plugin"},
		{"one name in two namespaces", both, wasmPlugin("a", plainURL) + "---\n" + strings.Replace(wasmPlugin("a", plainURL), "higress-system", "other", 1), Options{}, "metadata.name: another resource has this name"},
		{"an Ingress's name", both, wasmPlugin("a", plainURL+"  matchRules:\n  - domain: [d]\n  - ingress: [orders]\n"), Options{}, `f:8: WasmPlugin higress-system/a: spec.matchRules[1].ingress: "orders" is the name in Higress; say what the route is called there: --route orders=NAME`},
		{"the same in pluginConfig", both, wasmPlugin("a", plainURL+"  pluginConfig:\n    _rules_:\n    - _match_route_: orders\n"), Options{}, `f:8: WasmPlugin higress-system/a: spec.pluginConfig._rules_[0]._match_route_: "orders" is the name in Higress`},
		{"a rule after one that is disabled", both, wasmPlugin("a", plainURL+"  matchRules:\n  - {configDisable: true, domain: [d]}\n  - ingress: [orders]\n"), Options{}, "f:8: WasmPlugin higress-system/a: spec.matchRules[1].ingress: "},
		{"beginnings of route names", both, wasmPlugin("a", plainURL+"  pluginConfig: {_rules_: [{_match_route_prefix_: [x]}]}\n"), Options{}, "spec.pluginConfig._rules_[0]._match_route_prefix_: the beginnings of route names"},
		{"a service that Istio does not know", istio, wasmPlugin("a", plainURL+"  matchRules: [{service: [x.static]}]\n"), Options{}, `spec.matchRules[0].service: "x.static" is the name in Higress`},
		{"any service on Envoy Gateway", envoyGateway, wasmPlugin("a", plainURL+"  matchRules: [{service: [x.y.svc.cluster.local]}]\n"), Options{Services: map[string][]string{"x.y.svc.cluster.local": {"z"}}}, "spec.matchRules[0].service: no rule matches on services there"},
		{"a plugin that holds headers", both, wasmPlugin("a", "  url: oci://r/holder:1\n"), Options{}, "spec.url: holder holds the headers of a request until it has seen the body"},
		{"a plugin with Redis", both, wasmPlugin("a", "  url: oci://r/redis:1\n  defaultConfig: {service_name: r.static}\n"), Options{}, "spec.url: redis calls Redis through its host"},
		{"a plugin that always calls out", envoyGateway, wasmPlugin("a", "  url: oci://r/redis:1-envoy\n"), Options{}, "spec.url: redis calls services by the clusters outbound|PORT||HOST"},
		{"a plugin that is told to call out", envoyGateway, wasmPlugin("a", "  url: oci://r/caller:1\n  defaultConfig: {idp: [{service_name: a.static}]}\n"), Options{}, "spec.url: caller calls services by"},
		{"a plugin that is told to call out, of which no example does", envoyGateway, wasmPlugin("a", "  url: oci://r/lists:1\n  defaultConfig: {deny_source: {service_name: lists.dns}}\n"), Options{}, "spec.url: lists calls services by"},
		{"an unknown plugin", both, wasmPlugin("a", "  url: oci://r/other:1\n"), Options{}, `f:5: WasmPlugin higress-system/a: spec.url: there is no plugin "other" here, so nobody can say whether its module runs`},
		{"an unknown plugin of a known one's resource", both, wasmPlugin("plain", "  url: oci://r/other:1\n"), Options{}, `there is no plugin "other" here (if it is plain under another name, say so by pluginName: plain)`},
		{"a mirror of a plugin that holds headers", both, wasmPlugin("a", "  url: oci://r/mirror/h:1\n  pluginName: holder\n"), Options{AllowUnknown: true}, "spec.url: holder holds the headers"},
		{"a mirror whose configuration is wrong", both, wasmPlugin("a", "  url: oci://r/mirror/p:1\n  pluginName: plain\n  defaultConfig: {limit: x}\n"), Options{}, "f:7: WasmPlugin higress-system/a: spec.defaultConfig.limit: got string, want integer"},
		{"a wish that only Higress fulfils", both, wasmPlugin("a", "  url: oci://r/wisher:1\n  defaultConfig:\n    tag: x\n"), Options{}, "f:7: WasmPlugin higress-system/a: spec.defaultConfig.tag: asks for tags of the trace span, which "},
		{"such a wish of a rule", both, wasmPlugin("a", "  url: oci://r/wisher:1\n  matchRules:\n  - {configDisable: true, domain: [d], config: {tag: a}}\n  - {domain: [d], config: {keep: true}}\n"), Options{}, "f:8: WasmPlugin higress-system/a: spec.matchRules[1].config.keep: asks for the wish not to choose the route anew, which "},
		{"such a wish in pluginConfig", both, wasmPlugin("a", "  url: oci://r/wisher:1\n  pluginConfig:\n    _rules_:\n    - _match_domain_: [d]\n      tag: a\n"), Options{}, "f:9: WasmPlugin higress-system/a: spec.pluginConfig._rules_[0].tag: asks for tags"},
		{"Redis by digest", both, wasmPlugin("a", "  url: oci://r/redis@sha256:"+digest+"\n  defaultConfig: {service_name: r.static}\n"), Options{}, "or say by --envoy-build that the digest is of that build"},
		{"a file with one slash", both, wasmPlugin("a", "  url: file:/opt/plain.wasm\n"), Options{}, "spec.url: file:/opt/plain.wasm must have three slashes"},
		{"--url of Docker", both, wasmPlugin("a", plainURL), Options{URL: "docker://r/plain:1"}, "--url: docker://r/plain:1: Higress and Istio do not know the scheme docker; write oci://r/plain:1"},
		{"--url that is none", both, wasmPlugin("a", plainURL), Options{URL: "an image?"}, "--url: not an image reference"},
		{"--url in capitals", both, wasmPlugin("a", plainURL), Options{URL: "oci://R/plain:1"}, "--url: not an image reference"},
		{"--url of FTP", both, wasmPlugin("a", plainURL), Options{URL: "ftp://r/plain.wasm"}, "--url: ftp://r/plain.wasm must be a file, http, https or oci URL"},
		{"--url with another digest", both, wasmPlugin("a", plainURL), Options{URL: "r/plain@sha256:" + digest, SHA256: strings.Repeat("ab", 32)}, "--url: r/plain@sha256:" + digest + " names another digest"},
		{"--url of another plugin", both, wasmPlugin("a", plainURL), Options{URL: "oci://r/caller:1"}, "spec.url: --url names another plugin, caller: a configuration for plain does not suit it"},
		{"--sha256 without --url", both, wasmPlugin("a", plainURL), Options{SHA256: digest}, "--sha256: is the digest of what --url names"},
		{"--sha256 that is none", both, wasmPlugin("a", plainURL), Options{URL: "oci://r/plain:2", SHA256: "abc"}, "--sha256: must be 64 hexadecimal digits"},
		{"priority", istio, wasmPlugin("a", plainURL+"  priority: 3000000000\n"), Options{}, "spec.priority: must fit into 32 bits"},
		{"a variable twice", istio, wasmPlugin("a", plainURL+"  vmConfig: {env: [{name: A}, {name: A}]}\n"), Options{}, "spec.vmConfig.env[1].name: A is there twice"},
		{"a long variable", istio, wasmPlugin("a", plainURL+"  vmConfig: {env: [{name: A, value: "+strings.Repeat("x", 2049)+"}]}\n"), Options{}, "spec.vmConfig.env[0]: Istio allows"},
		{"Istio target", istio, wasmPlugin("a", plainURL), Options{Target: &Target{"HTTPRoute", "r"}}, "--target: Istio attaches WasmPlugins to Gateway, Service and ServiceEntry, not to HTTPRoute"},
		{"Envoy Gateway target", envoyGateway, wasmPlugin("a", plainURL), Options{Target: &Target{"Service", "s"}}, "--target: must be one of Gateway, ListenerSet, HTTPRoute, GRPCRoute, not Service"},
		{"a file", envoyGateway, wasmPlugin("a", "  url: file:///opt/plain/plugin.wasm\n"), Options{}, "spec.url: Envoy Gateway loads modules from images and web servers"},
		{"a login for a web server", envoyGateway, wasmPlugin("a", "  url: https://x/plain.wasm\n  imagePullSecret: s\n"), Options{}, "spec.imagePullSecret: Envoy Gateway logs in to registries only"},
		{"a value for a variable", envoyGateway, wasmPlugin("a", plainURL+"  vmConfig: {env: [{name: A, value: b}]}\n"), Options{}, "spec.vmConfig.env[0]: Envoy Gateway passes on variables of its proxy only"},
		{"a verification key", envoyGateway, wasmPlugin("a", plainURL+"  verificationKey: k\n"), Options{}, "spec.verificationKey: Envoy Gateway verifies no signatures"},
		{"two namespaces in one policy", envoyGateway, wasmPlugin("a", plainURL) + "---\n" + strings.Replace(wasmPlugin("b", plainURL), "higress-system", "other", 1), Options{}, "metadata.namespace: one policy has one namespace"},
		{"more than a policy holds", envoyGateway, many, Options{}, "a policy holds 16 Wasm extensions, and there are 17 plugins"},
		{"one URL for two plugins", both, wasmPlugin("a", plainURL) + "---\n" + wasmPlugin("b", plainURL), Options{URL: "oci://r/x:1"}, "--url: names one module, and there are several plugins"},
	} {
		for _, to := range []string{istio, envoyGateway} {
			if c.to != both && c.to != to {
				continue
			}
			t.Run(to+"/"+c.name, func(t *testing.T) {
				c.options.Plugins = plugins(t)
				run := Istio
				if to == envoyGateway {
					run = EnvoyGateway
					if c.options.Target == nil {
						c.options.Target = &Target{"Gateway", "g"}
					}
				}
				got, problems := run(context.Background(), []manifest.File{{Name: "f", Data: []byte(c.text)}}, c.options)
				assert.Nil(t, got, "nothing is written")
				assert.ErrorContains(t, problems.Fatal(), c.want)
			})
		}
	}
	t.Run("envoy-gateway/no target", func(t *testing.T) {
		got, problems := EnvoyGateway(context.Background(), []manifest.File{{Name: "f", Data: []byte(wasmPlugin("a", plainURL))}}, Options{Plugins: plugins(t)})
		assert.Nil(t, got)
		assert.ErrorContains(t, problems.Fatal(), "--target: Envoy Gateway needs to know what the policy applies to")
	})
}

func TestNotesLeaveTheResult(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an unknown plugin that is allowed", wasmPlugin("a", "  url: oci://r/other:1\n"), `there is no plugin "other" here: whether its module runs`},
		{"a mirror", wasmPlugin("a", "  url: oci://r/mirror/p:1\n  pluginName: plain\n"), "spec.pluginName: taken as plain: the name in the url is not known here"},
		{"what a plugin asks for in any case", wasmPlugin("a", "  url: oci://r/always:1\n"), "always may ask for buffer limits of a stream, which Istio accepts and does not do"},
		{"no target", wasmPlugin("a", plainURL), "without --target Istio applies it to every workload of the namespace"},
		{"call-outs", wasmPlugin("a", "  url: oci://r/caller:1\n  defaultConfig: {service_name: a.static}\n"), "each must be a Service or ServiceEntry"},
		{"resources of another kind", wasmPlugin("a", plainURL) + "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n", "Service s: kind: left out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, problems := Istio(context.Background(), []manifest.File{{Name: "f", Data: []byte(c.text)}}, Options{Plugins: plugins(t), AllowUnknown: true})
			assert.NotEmpty(t, got)
			assert.Empty(t, problems.Fatal())
			assert.ErrorContains(t, problems.Warnings(), c.want)
		})
	}
}

func TestTheBuildForEnvoyIsTaken(t *testing.T) {
	for _, c := range []struct {
		name, url string
		options   Options
	}{
		{"as the resource's URL", "oci://r/redis:1-envoy", Options{}},
		{"with --url", "oci://r/redis:1", Options{URL: "https://x/redis/plugin.envoy.wasm"}},
		{"with a digest", "oci://r/redis:1-envoy@sha256:" + digest, Options{}},
		{"with --url and a digest", "oci://r/redis:1", Options{URL: "oci://r/redis:1-envoy@sha256:" + digest}},
		{"with a digest alone", "oci://r/redis:1", Options{URL: "oci://r/redis@sha256:" + digest, EnvoyBuild: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Plugins = plugins(t)
			got, problems := Istio(context.Background(), []manifest.File{{Name: "f", Data: []byte(wasmPlugin("a", "  url: "+c.url+"\n"))}}, c.options)
			assert.Empty(t, problems.Fatal())
			want := c.url
			if c.options.URL != "" {
				want = c.options.URL
			}
			assert.Contains(t, string(got), "  url: "+want+"\n")
		})
	}
}

func TestTheDigestOfAnotherURLIsLeftOut(t *testing.T) {
	pinned := wasmPlugin("a", plainURL+"  sha256: "+digest+"\n")
	other := strings.Repeat("ab", 32)
	for _, c := range []struct {
		name    string
		options Options
		sha256  string // in the result
		note    bool
	}{
		{"--url", Options{URL: "oci://r/plain:2"}, "", true},
		{"--url and --sha256", Options{URL: "oci://r/plain:2", SHA256: other}, other, false},
		{"--url as it is", Options{URL: "oci://r.example.com/plain:1"}, digest, false},
		{"no --url", Options{}, digest, false},
		{"a mirror", Options{URL: "https://x/p.wasm"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Plugins, c.options.Target = plugins(t), &Target{"Gateway", "g"}
			for name, run := range map[string]func(context.Context, []manifest.File, Options) ([]byte, manifest.Problems){"istio": Istio, "envoy-gateway": EnvoyGateway} {
				got, problems := run(context.Background(), []manifest.File{{Name: "f", Data: []byte(pinned)}}, c.options)
				require.Empty(t, problems.Fatal(), name)
				if c.sha256 == "" {
					assert.NotContains(t, string(got), "sha256", name)
				} else {
					assert.Contains(t, string(got), "sha256: "+c.sha256+"\n", name)
				}
				if c.note {
					assert.ErrorContains(t, problems.Warnings(), "f:6: WasmPlugin higress-system/a: spec.sha256: left out: it is the digest of oci://r.example.com/plain:1", name)
				} else {
					assert.Empty(t, problems.Warnings(), name)
				}
			}
		})
	}
}

// The build that the result names is asked, not that of the resource.
func TestTheBuildOfTheResultJudgesTheConfiguration(t *testing.T) {
	known := plugins(t)
	for _, c := range []struct {
		url     string
		options Options
		want    string
	}{
		{"oci://r/redis:1-envoy", Options{}, known["redis"].EnvoyWasm()},
		{"oci://r/redis:1", Options{URL: "oci://r/redis:1-envoy@sha256:" + digest}, known["redis"].EnvoyWasm()},
		{"oci://r/redis@sha256:" + digest, Options{EnvoyBuild: true}, known["redis"].EnvoyWasm()},
		{"oci://r/plain:1", Options{}, known["plain"].Wasm()},
	} {
		var asked string
		c.options.Plugins = known
		c.options.Load = func(_ context.Context, _ *catalog.Plugin, wasm string, _ []byte) ([]string, error) {
			asked = wasm
			return nil, errors.New("database: must be 0")
		}
		got, problems := Istio(context.Background(), []manifest.File{{Name: "f", Data: []byte(wasmPlugin("a", "  url: "+c.url+"\n  defaultConfig: {database: 3}\n"))}}, c.options)
		assert.Nil(t, got)
		assert.ErrorContains(t, problems.Fatal(), "f:6: WasmPlugin higress-system/a: spec.defaultConfig: the plugin refuses the configuration: database: must be 0")
		assert.Equal(t, c.want, asked)
	}
}

func TestFlags(t *testing.T) {
	target, err := ParseTarget("Gateway/g")
	require.NoError(t, err)
	assert.Equal(t, &Target{"Gateway", "g"}, target)
	for _, bad := range []string{"", "Gateway", "/g", "Gateway/", "a/b/c"} {
		_, err := ParseTarget(bad)
		assert.ErrorContains(t, err, "must be KIND/NAME", bad)
	}
	names, err := ParseNames([]string{"a=b", "a=c=d"})
	require.NoError(t, err)
	assert.Equal(t, map[string][]string{"a": {"b", "c=d"}}, names)
	for _, bad := range []string{"a", "=b", "a="} {
		_, err := ParseNames([]string{bad})
		assert.ErrorContains(t, err, "must be OLD=NEW", bad)
	}
}
