package convert

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/fetch"
	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// envoyGatewayTargets are the kinds with HTTP filters that an EnvoyExtensionPolicy can be attached to.
var envoyGatewayTargets = []string{"Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute"}

// maxWasm is the length of a policy's list of Wasm extensions.
const maxWasm = 16

// EnvoyGateway returns one gateway.envoyproxy.io/v1alpha1 EnvoyExtensionPolicy with all plugins of the files, as of Envoy
// Gateway 1.9: a target has one policy, and the order of its list is all that is left of phases and priorities. The
// resource is nil if any problem is fatal.
func EnvoyGateway(ctx context.Context, files []manifest.File, options Options) ([]byte, manifest.Problems) {
	var report manifest.Problems
	sources := read(ctx, files, options, &report)
	fail := func(format string, args ...any) {
		report = append(report, manifest.Problem{Message: fmt.Sprintf(format, args...)})
	}
	target := options.Target
	switch {
	case target == nil:
		fail("--target: Envoy Gateway needs to know what the policy applies to: Gateway/NAME or HTTPRoute/NAME")
		target = &Target{}
	case !slices.Contains(envoyGatewayTargets, target.Kind):
		fail("--target: must be one of %s, not %s", strings.Join(envoyGatewayTargets, ", "), target.Kind)
	}
	if len(sources) > maxWasm {
		fail("a policy holds %d Wasm extensions, and there are %d plugins", maxWasm, len(sources))
	}
	var list []any
	for _, s := range sources {
		s.runsOn("Envoy Gateway", "Envoy")
		s.honoured("Envoy Gateway")
		s.rename(options, nil)
		list = append(list, s.wasmExtension())
	}
	if len(sources) == 0 {
		return nil, report
	}
	resource := map[string]any{
		"apiVersion": "gateway.envoyproxy.io/v1alpha1", "kind": "EnvoyExtensionPolicy",
		"metadata": policyMetadata(sources, options),
		"spec": map[string]any{
			"targetRefs": []any{map[string]any{"group": "gateway.networking.k8s.io", "kind": target.Kind, "name": target.Name}},
			"wasm":       list,
		},
	}
	return render([]any{resource}, report), report
}

// policyMetadata are those of the only plugin, or a name for all of them in the first one's namespace.
func policyMetadata(sources []*source, options Options) map[string]any {
	metadata := sources[0].metadata()
	if len(sources) > 1 {
		delete(metadata, "labels")
		delete(metadata, "annotations")
		metadata["name"] = "wasm-plugins"
		for _, s := range sources[1:] {
			if s.Namespace != sources[0].Namespace {
				s.refuse("metadata.namespace", "one policy has one namespace, and other plugins are in %q; --namespace chooses one for all", sources[0].Namespace)
			}
		}
	}
	if options.Name != "" {
		metadata["name"] = options.Name
	}
	return metadata
}

func (s *source) wasmExtension() map[string]any {
	out := map[string]any{"name": s.doc.Name(), "failOpen": s.FailOpen, "code": s.code()}
	if s.RootID != "" {
		out["rootID"] = s.RootID
	}
	if s.config != nil {
		out["config"] = s.config
	}
	var hostKeys []any
	for i, env := range s.Env {
		if env.ValueFrom != "HOST" {
			s.refuse(fmt.Sprintf("spec.vmConfig.env[%d]", i), "Envoy Gateway passes on variables of its proxy only, no values")
			continue
		}
		hostKeys = append(hostKeys, env.Name)
	}
	if len(hostKeys) > 0 {
		out["env"] = map[string]any{"hostKeys": hostKeys}
	}
	if s.spec.VerificationKey != "" {
		s.refuse("spec.verificationKey", "Envoy Gateway verifies no signatures")
	}
	if s.callsOut() {
		s.refuse("spec.url", "%s calls services by the clusters outbound|PORT||HOST, a name that Envoy Gateway gives to none", s.known.Name)
	}
	if phase := s.spec.Phase; phase != "" && phase != "UNSPECIFIED_PHASE" {
		s.note("spec.phase", "%s is only the order among these plugins: all Wasm extensions run where filterOrder of the EnvoyProxy has them", phase)
	}
	return out
}

// code is where the module comes from.
func (s *source) code() map[string]any {
	out := map[string]any{}
	if s.PullPolicy != "" {
		out["pullPolicy"] = s.PullPolicy
	}
	from := map[string]any{"url": s.URL}
	if s.SHA256 != "" {
		from["sha256"] = s.SHA256
	}
	switch fetch.Scheme(s.URL) {
	case "file":
		s.refuse("spec.url", "Envoy Gateway loads modules from images and web servers, not from files; --url names another place")
	case "http", "https":
		out["type"], out["http"] = "HTTP", from
		if s.PullSecret != "" {
			s.refuse("spec.imagePullSecret", "Envoy Gateway logs in to registries only, not to web servers")
		}
	default:
		from["url"] = strings.TrimPrefix(s.URL, "oci://")
		out["type"], out["image"] = "Image", from
		if s.PullSecret != "" {
			from["pullSecretRef"] = map[string]any{"kind": "Secret", "name": s.PullSecret}
		}
	}
	return out
}
