package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parse(t *testing.T, text string, opts Options) (*Snapshot, Problems) {
	t.Helper()
	return Parse([]File{{Name: "m.yaml", Data: []byte(text)}}, opts)
}

const pluginHead = `
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: p}
`

func TestConfigurationOfAWasmPlugin(t *testing.T) {
	tests := []struct {
		name      string
		spec      string
		installed bool
		config    string // empty: none
	}{
		{"no configuration at all", `{url: "file:///p"}`, true, ""},
		{"default configuration", `{url: "file:///p", defaultConfig: {a: 1}}`, true, `{"a":1}`},
		{"disabled default without rules is not installed", `{url: "file:///p", defaultConfig: {a: 1}, defaultConfigDisable: true}`, false, ""},
		{"rules only", `{url: "file:///p", matchRules: [{ingress: [r], config: {b: x}}]}`, true, `{"_rules_":[{"_match_route_":["r"],"b":"x"}]}`},
		{"disabled default with a rule", `{url: "file:///p", defaultConfig: {a: 1}, defaultConfigDisable: true, matchRules: [{domain: [d]}]}`, true, `{"_rules_":[{"_match_domain_":["d"]}]}`},
		{"a rule that is disabled is left out", `{url: "file:///p", defaultConfig: {a: 1}, matchRules: [{domain: [d], configDisable: true}, {service: [s]}]}`, true, `{"_rules_":[{"_match_service_":["s"]}],"a":1}`},
		{"only disabled rules and a disabled default is not installed", `{url: "file:///p", defaultConfigDisable: true, matchRules: [{domain: [d], configDisable: true}]}`, false, ""},
		{"all three kinds of match", `{url: "file:///p", matchRules: [{ingress: [r], domain: [d], service: [s]}]}`, true, `{"_rules_":[{"_match_domain_":["d"],"_match_route_":["r"],"_match_service_":["s"]}]}`},
		{"pluginConfig wins over the split fields", `{url: "file:///p", pluginConfig: {z: 1}, defaultConfig: {a: 1}, matchRules: [{ingress: [r]}]}`, true, `{"z":1}`},
		{"rules replace _rules_ of the default", `{url: "file:///p", defaultConfig: {_rules_: [1]}, matchRules: [{ingress: [r]}]}`, true, `{"_rules_":[{"_match_route_":["r"]}]}`},
		{"large integers pass through doubles", `{url: "file:///p", defaultConfig: {a: 9007199254740993}}`, true, `{"a":9007199254740992}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, problems := parse(t, pluginHead+"spec: "+tt.spec, Options{})
			require.Empty(t, problems)
			if !tt.installed {
				assert.Empty(t, s.Plugins)
				return
			}
			require.Len(t, s.Plugins, 1)
			assert.Equal(t, tt.config, string(s.Plugins[0].Configuration))
		})
	}
}

func TestFieldsOfAWasmPlugin(t *testing.T) {
	s, problems := parse(t, `
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: key-auth, namespace: higress-system}
spec:
  url: oci://registry.example/key-auth:1
  sha256: abc
  imagePullPolicy: Always
  imagePullSecret: pull
  verificationKey: k
  pluginName: root
  phase: AUTHN
  priority: 310
  failStrategy: FAIL_OPEN
  selector: {matchLabels: {a: b}}
  vmConfig:
    env:
    - {name: A, value: "1"}
    - {name: B, valueFrom: HOST}
    - {name: ISTIO_META_WASM_IMAGE_PULL_SECRET, value: x}
status: {anything: true}
---
apiVersion: v1
kind: Secret
metadata: {name: pull, namespace: higress-system}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {}}'}
`, Options{})
	require.Empty(t, problems)
	require.Len(t, s.Plugins, 1)
	require.NotEmpty(t, s.Plugins[0].Revision)
	priority := int64(310)
	assert.Equal(t, &Plugin{
		Name: "key-auth", Namespace: "higress-system", URL: "oci://registry.example/key-auth:1", SHA256: "abc",
		PullPolicy: "Always", PullSecret: "pull", RootID: "root", Phase: PhaseAuthn, Priority: &priority, FailOpen: true,
		Env: []EnvVar{{Name: "A", Value: "1"}, {Name: "B", ValueFrom: "HOST"}}, Source: "m.yaml:1",
		DockerConfig: []byte(`{"auths": {}}`), Revision: s.Plugins[0].Revision,
	}, s.Plugins[0])
	assert.Equal(t, "higress-system.key-auth", s.Plugins[0].FilterName())
}

func TestPluginsAreInChainOrder(t *testing.T) {
	plugin := func(name, rest string) string {
		return "---\napiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: " + name + "}\nspec: {url: 'file:///x', defaultConfig: {a: 1}" + rest + "}\n"
	}
	s, problems := parse(t,
		plugin("none-low", ", priority: 1")+plugin("none-unset", "")+plugin("stats", ", phase: STATS")+
			plugin("authz", ", phase: AUTHZ, priority: 5")+plugin("authn-b", ", phase: AUTHN, priority: 7")+
			plugin("authn-a", ", phase: AUTHN, priority: 7")+plugin("authn-first", ", phase: AUTHN, priority: 310")+
			plugin("authn-unset", ", phase: AUTHN")+plugin("authn-negative", ", phase: AUTHN, priority: -3")+
			plugin("none-high", ", phase: UNSPECIFIED_PHASE, priority: 100"), Options{})
	require.Empty(t, problems)
	var names []string
	for _, p := range s.Plugins {
		names = append(names, p.Name)
	}
	assert.Equal(t, []string{"authn-first", "authn-a", "authn-b", "authn-negative", "authn-unset", "authz", "stats", "none-high", "none-low", "none-unset"}, names)
}

func TestProblemsNameFileLineResourceAndField(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"bad YAML", "a: b\n---\na: [1\n", `m.yaml:3: did not find expected`},
		{"key twice", "kind: X\nkind: Y\n", `already set in map`},
		{"no kind", "metadata: {name: x}", `m.yaml:1: kind: must not be empty`},
		{"no name", "kind: Service\n", `m.yaml:1: Service: metadata.name: must not be empty`},
		{"wrong apiVersion", "apiVersion: v1\nkind: WasmPlugin\nmetadata: {name: p}\n", `m.yaml:1: WasmPlugin higress-system/p: apiVersion: must be extensions.higress.io/v1alpha1, not "v1"`},
		{"no url", pluginHead + "spec:\n  phase: AUTHN\n", `m.yaml:5: WasmPlugin higress-system/p: spec.url: must not be empty`},
		{"unknown enum value", pluginHead + "spec:\n  url: x\n  phase: SOON\n", `m.yaml:7: WasmPlugin higress-system/p: spec.phase: must be one of UNSPECIFIED_PHASE, AUTHN, AUTHZ, STATS, not "SOON"`},
		{"wrong type", pluginHead + "spec:\n  url: x\n  priority: high\n", `m.yaml:7: WasmPlugin higress-system/p: spec.priority: must be an integer, not string`},
		{"unknown field", pluginHead + "spec:\n  url: x\n  fases: AUTHN\n", `m.yaml:7: WasmPlugin higress-system/p: spec.fases: unknown field`},
		{"rule without match", pluginHead + "spec:\n  url: x\n  matchRules:\n  - ingress: [a]\n  - config: {}\n", `m.yaml:9: WasmPlugin higress-system/p: spec.matchRules[1]: must have at least one of ingress, domain and service`},
		{"same resource twice", pluginHead + "spec: {url: x}\n---" + pluginHead + "spec: {url: x}\n", `m.yaml:9: WasmPlugin higress-system/p: metadata.name: the same resource is already in m.yaml:1`},
		{"static endpoint without port", "apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata: {name: default}\nspec:\n  registries:\n  - {type: static, name: a, port: 80, domain: '127.0.0.1:1,127.0.0.2'}\n", `m.yaml:6: McpBridge higress-system/default: spec.registries[0].domain: "127.0.0.2" must be an ip:port`},
		{"dns endpoint without a dot", "apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata: {name: default}\nspec: {registries: [{type: dns, name: a, port: 80, domain: localhost}]}\n", `"localhost" must be a host name with a dot`},
		{"unknown registry", "apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata: {name: default}\nspec: {registries: [{type: zoo, name: a, port: 80, domain: a.b}]}\n", `spec.registries[0].type: must be one of static, dns`},
		{"named port of an unknown service", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {name: web}}}}]}}]}\n", `spec.rules[0].http.paths[0].backend.service.port.name: service higress-system/s has no port named "web"`},
		{"weighted destination", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: {higress.io/destination: \"50% a.dns:80\\n50% b.dns:80\"}}\nspec: {defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}}\n", `destination must name one host:port`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, problems := parse(t, tt.text, Options{})
			assert.Nil(t, s)
			assert.Contains(t, problems.Fatal().Error(), tt.want)
		})
	}
}

func TestWhatIsIgnoredIsSaid(t *testing.T) {
	s, problems := parse(t, `
kind: ConfigMap
apiVersion: v1
metadata: {name: c}
---
apiVersion: extensions.higress.io/v1alpha1
kind: WasmPlugin
metadata: {name: p, namespace: elsewhere}
spec: {url: x}
---
apiVersion: networking.higress.io/v1
kind: McpBridge
metadata: {name: default}
spec: {registries: [{type: nacos, name: reg, port: 8848, domain: nacos.example}]}
`, Options{})
	require.NotNil(t, s)
	assert.Empty(t, s.Plugins)
	var messages []string
	for _, p := range problems.Warnings() {
		messages = append(messages, p.Error())
	}
	assert.Equal(t, []string{
		"m.yaml:2: ConfigMap higress-system/c: kind: ignored: the local gateway does not use ConfigMap resources",
		"m.yaml:8: WasmPlugin elsewhere/p: metadata.namespace: ignored: the gateway reads WasmPlugins of namespace higress-system only",
		"m.yaml:14: McpBridge higress-system/default: spec.registries[0].type: ignored: the local gateway has no nacos client; give its services as static or dns registries",
	}, messages)
}

const shop = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: team}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /orders, pathType: Prefix, backend: {service: {name: orders, port: {number: 8080}}}}
      - {path: /orders/new, pathType: Exact, backend: {service: {name: orders, port: {name: grpc-api}}}}
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: team}
spec:
  ports:
  - {name: http, port: 8080, targetPort: 9000}
  - {name: grpc-api, port: 9090}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: orders-x, namespace: team, labels: {kubernetes.io/service-name: orders}}
addressType: IPv4
ports: [{name: http, port: 9000}, {name: grpc-api, port: 9091}]
endpoints:
- addresses: [10.0.0.1]
- addresses: [10.0.0.2]
  conditions: {ready: false}
---
apiVersion: v1
kind: Service
metadata: {name: lonely, namespace: team}
spec: {ports: [{port: 80}]}
---
apiVersion: networking.higress.io/v1
kind: McpBridge
metadata: {name: default}
spec:
  registries:
  - {type: static, name: cache, port: 6379, protocol: tcp, domain: "127.0.0.1:7000, [::1]:7001"}
  - {type: dns, name: idp, port: 443, protocol: https, domain: idp.example.org}
`

func TestClustersOfServicesAndRegistries(t *testing.T) {
	s, problems := parse(t, shop, Options{})
	require.Empty(t, problems)
	got := map[string]Cluster{}
	for _, c := range s.Clusters {
		c.Source = ""
		got[c.Name] = *c
	}
	assert.Equal(t, map[string]Cluster{
		"outbound|8080||orders.team.svc.cluster.local": {Name: "outbound|8080||orders.team.svc.cluster.local", Host: "orders.team.svc.cluster.local", Port: 8080, Protocol: HTTP1, Endpoints: []string{"10.0.0.1:9000"}, Kubernetes: true},
		"outbound|9090||orders.team.svc.cluster.local": {Name: "outbound|9090||orders.team.svc.cluster.local", Host: "orders.team.svc.cluster.local", Port: 9090, Protocol: HTTP2, Endpoints: []string{"10.0.0.1:9091"}, Kubernetes: true},
		"outbound|6379||cache.static":                  {Name: "outbound|6379||cache.static", Host: "cache.static", Port: 6379, Protocol: TCP, Endpoints: []string{"127.0.0.1:7000", "[::1]:7001"}},
		"outbound|443||idp.dns":                        {Name: "outbound|443||idp.dns", Host: "idp.dns", Port: 443, Protocol: HTTP1, TLS: true, SNI: "idp.example.org", Endpoints: []string{"idp.example.org:443"}},
	}, got)
	require.Len(t, s.NotPushed, 1)
	assert.Equal(t, "outbound|80||lonely.team.svc.cluster.local", s.NotPushed[0].Name)
}

func TestAServiceThatNoRouteUsesIsPushedOnDemand(t *testing.T) {
	s, problems := parse(t, shop, Options{PushAllClusters: true, Upstreams: map[string][]string{"lonely.team": {"127.0.0.1:1"}}})
	require.Empty(t, problems)
	assert.Empty(t, s.NotPushed)
	for _, c := range s.Clusters {
		if c.Name == "outbound|80||lonely.team.svc.cluster.local" {
			assert.Equal(t, []string{"127.0.0.1:1"}, c.Endpoints)
			return
		}
	}
	t.Fatal("the cluster is missing")
}

func TestARouteToAnUndeclaredServiceHasAClusterWithoutEndpoints(t *testing.T) {
	s, problems := parse(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {defaultBackend: {service: {name: s, port: {number: 80}}}}\n", Options{})
	require.Empty(t, problems)
	require.Len(t, s.Clusters, 1)
	assert.Equal(t, "outbound|80||s.higress-system.svc.cluster.local", s.Clusters[0].Name)
	assert.Empty(t, s.Clusters[0].Endpoints)
	assert.Equal(t, "i", s.Routes.Match("any.example:8080", "/x").Name)
}

func TestRouteMatching(t *testing.T) {
	ingress := func(name, host, path, kind string) string {
		return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " + name + "}\nspec: {rules: [{host: '" + host + "', http: {paths: [{path: " + path + ", pathType: " + kind + ", backend: {service: {name: s, port: {number: 80}}}}]}}]}\n"
	}
	s, problems := parse(t, ingress("any", "", "/", "Prefix")+ingress("wild", "*.example.com", "/", "Prefix")+
		ingress("deep", "*.api.example.com", "/", "Prefix")+ingress("host", "a.example.com", "/v1/", "Prefix")+
		ingress("exact", "a.example.com", "/v1/ping", "Exact")+ingress("long", "a.example.com", "/v1/long", "Prefix"), Options{})
	require.Empty(t, problems)
	tests := []struct{ authority, path, want string }{
		{"other.test", "/", "any"},
		{"b.example.com:8080", "/x?y", "wild"},
		{"x.y.example.com", "/", "wild"},
		{"x.api.example.com", "/", "deep"},
		{"example.com", "/", "any"},
		{"A.Example.com", "/v1", "host"},
		{"a.example.com", "/v1/x", "host"},
		{"a.example.com", "/v10", ""},
		{"a.example.com", "/v1/ping?q=/", "exact"},
		{"a.example.com", "/v1/ping/x", "host"},
		{"a.example.com", "/v1/long/x", "long"},
		{"a.example.com", "/v1/longer", "host"},
		{"[::1]:80", "/", "any"},
		{"", "/", "any"},
	}
	for _, tt := range tests {
		t.Run(tt.authority+tt.path, func(t *testing.T) {
			route := s.Routes.Match(tt.authority, tt.path)
			if tt.want == "" {
				assert.Nil(t, route)
				return
			}
			require.NotNil(t, route)
			assert.Equal(t, tt.want, route.Name)
		})
	}
}

func TestRewrite(t *testing.T) {
	tests := []struct {
		route      Route
		path, want string
	}{
		{Route{Path: "/a", PathType: Prefix}, "/a/b?c", "/a/b?c"},
		{Route{Path: "/a", PathType: Prefix, RewriteTarget: "/z"}, "/a/b?c", "/z/b?c"},
		{Route{Path: "/a", PathType: Prefix, RewriteTarget: "/"}, "/a", "/"},
		{Route{Path: "/a/", PathType: Prefix, RewriteTarget: "/z/"}, "/a/b", "/z/b"},
		{Route{Path: "/a", PathType: Exact, RewriteTarget: "/z"}, "/a?x=1", "/z?x=1"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.route.Rewrite(tt.path), "%+v", tt.route)
	}
}

func TestLoadReadsFoldersAndReportsWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".hidden"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".hidden", "x.yaml"), []byte("nonsense"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(shop), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("nonsense"), 0o644))

	s, problems := Load([]string{dir}, Options{})
	require.Empty(t, problems)
	assert.Equal(t, []string{filepath.Join(dir, "a.yaml")}, s.Files)

	s, problems = Load([]string{filepath.Join(dir, "none.yaml")}, Options{})
	assert.Nil(t, s)
	assert.Equal(t, filepath.Join(dir, "none.yaml")+": no such file or directory", problems.Error())
}

func TestWatchSeesReplacedFilesAndNewFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	require.NoError(t, os.WriteFile(file, []byte("1"), 0o644))
	changes := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	require.NoError(t, Watch(ctx, []string{dir}, func() { changes <- struct{}{} }))
	wait := func(what string) {
		t.Helper()
		select {
		case <-changes:
		case <-time.After(10 * time.Second):
			t.Fatalf("no change seen after %s", what)
		}
	}
	require.NoError(t, os.WriteFile(file+".new", []byte("2"), 0o644))
	require.NoError(t, os.Rename(file+".new", file))
	wait("a rename onto the file")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	wait("a new folder")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "b.yaml"), []byte("3"), 0o644))
	wait("a file in the new folder")
	require.NoError(t, os.Remove(file))
	wait("a removal")
}

func TestSecretsAreKept(t *testing.T) {
	s, problems := parse(t, "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: team}\nstringData: {a: b}\n", Options{})
	require.Empty(t, problems)
	assert.Equal(t, "b", string(s.Secrets["team/s"].Data["a"]))
}

func TestProblemsJoinOneALine(t *testing.T) {
	ps := Problems{{File: "a", Message: "x"}, {File: "b", Line: 2, Message: "y", Warning: true}}
	assert.Equal(t, 2, len(strings.Split(ps.Error(), "\n")))
	assert.Len(t, ps.Fatal(), 1)
	assert.Len(t, ps.Warnings(), 1)
}

func TestUpstreamsByHostAndPortDefineAndOverrideClusters(t *testing.T) {
	s, problems := parse(t, shop, Options{Upstreams: map[string][]string{
		"idp.dns:443": {"127.0.0.1:1"}, "new.static:80": {"127.0.0.1:2"}, "lonely.team.svc.cluster.local:80": {"127.0.0.1:3"},
	}})
	require.Empty(t, problems)
	got := map[string][]string{}
	for _, c := range s.Clusters {
		got[c.Name] = c.Endpoints
	}
	assert.Equal(t, []string{"127.0.0.1:1"}, got["outbound|443||idp.dns"])
	assert.Equal(t, []string{"127.0.0.1:2"}, got["outbound|80||new.static"])
	assert.Equal(t, []string{"127.0.0.1:3"}, got["outbound|80||lonely.team.svc.cluster.local"])
}
