package convert

import (
	"context"
	"fmt"
	"math"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// istioTargets are the kinds that Istio attaches WasmPlugins to, with their groups.
var istioTargets = map[string]string{"Gateway": "gateway.networking.k8s.io", "Service": "", "ServiceEntry": "networking.istio.io"}

// Istio returns an extensions.istio.io/v1alpha1 WasmPlugin for each WasmPlugin of the files, in the order of the filter
// chain, as of Istio 1.31. The resources are nil if any problem is fatal.
func Istio(ctx context.Context, files []manifest.File, options Options) ([]byte, manifest.Problems) {
	var report manifest.Problems
	sources := read(ctx, files, options, &report)
	var resources []any
	for _, s := range sources {
		s.runsOn("Istio", "Istio")
		s.honoured("Istio")
		s.rename(options, kubernetesService)
		resources = append(resources, map[string]any{
			"apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
			"metadata": s.metadata(), "spec": s.istioSpec(options.Target),
		})
		if s.callsOut() {
			s.note("spec", "%s calls services by the clusters outbound|PORT||HOST: each must be a Service or ServiceEntry of that host and port", s.known.Name)
		}
	}
	return render(resources, report), report
}

func (s *source) istioSpec(target *Target) map[string]any {
	spec := map[string]any{"url": s.URL, "failStrategy": "FAIL_CLOSE"}
	if s.FailOpen {
		spec["failStrategy"] = "FAIL_OPEN"
	}
	if s.spec.Phase != "" {
		spec["phase"] = s.spec.Phase
	}
	if s.Priority != nil {
		if *s.Priority > math.MaxInt32 || *s.Priority < math.MinInt32 {
			s.refuse("spec.priority", "must fit into 32 bits")
		}
		spec["priority"] = *s.Priority
	}
	for field, value := range map[string]string{"sha256": s.SHA256, "imagePullPolicy": s.PullPolicy, "imagePullSecret": s.PullSecret,
		"verificationKey": s.spec.VerificationKey, "pluginName": s.RootID} {
		if value != "" {
			spec[field] = value
		}
	}
	if s.config != nil {
		spec["pluginConfig"] = s.config
	}
	if env := s.istioEnvironment(); len(env) > 0 {
		spec["vmConfig"] = map[string]any{"env": env}
	}
	s.istioTarget(spec, target)
	return spec
}

func (s *source) istioTarget(spec map[string]any, target *Target) {
	if target == nil {
		s.note("metadata.namespace", "without --target Istio applies it to every workload of the namespace, not to a gateway alone")
		return
	}
	group, ok := istioTargets[target.Kind]
	if !ok {
		s.refuse("", "--target: Istio attaches WasmPlugins to Gateway, Service and ServiceEntry, not to %s", target.Kind)
	}
	ref := map[string]any{"kind": target.Kind, "name": target.Name}
	if group != "" {
		ref["group"] = group
	}
	spec["targetRefs"] = []any{ref}
}

// istioEnvironment checks the limits of Istio's resource.
func (s *source) istioEnvironment() []any {
	var out []any
	seen := map[string]bool{}
	for i, env := range s.Env {
		field := fmt.Sprintf("spec.vmConfig.env[%d]", i)
		if seen[env.Name] {
			s.refuse(field+".name", "%s is there twice, which Istio refuses", env.Name)
		}
		seen[env.Name] = true
		if len(env.Name) > 256 || len(env.Value) > 2048 {
			s.refuse(field, "Istio allows 256 bytes for a name and 2048 for a value")
		}
		entry := map[string]any{"name": env.Name}
		if env.ValueFrom != "" {
			entry["valueFrom"] = env.ValueFrom
		}
		if env.ValueFrom != "HOST" {
			entry["value"] = env.Value
		}
		out = append(out, entry)
	}
	if len(out) > 256 {
		s.refuse("spec.vmConfig.env", "Istio allows 256 variables")
	}
	return out
}
