package manifest

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// pullSecrets gives each plugin the content of its imagePullSecret, which is in the plugin's own namespace. A file needs none. One that is
// not among the manifests is a warning: production has it in the cluster, and here Docker's own login may do.
func (r *reader) pullSecrets() {
	for _, p := range r.plugins {
		if p.PullSecret == "" || strings.HasPrefix(p.URL, "file:") {
			continue
		}
		secret := r.secrets[p.Namespace+"/"+p.PullSecret]
		switch {
		case secret == nil:
			r.origins[p].warn("spec.imagePullSecret", "ignored: there is no Secret %s/%s among the manifests, so the logins of docker login are used", p.Namespace, p.PullSecret)
		case secret.Type != corev1.SecretTypeDockerConfigJson:
			r.origins[p].fail("spec.imagePullSecret", "Secret %s/%s must have the type %s, not %q", p.Namespace, p.PullSecret, corev1.SecretTypeDockerConfigJson, secret.Type)
		case len(secret.Data[corev1.DockerConfigJsonKey]) == 0:
			r.origins[p].fail("spec.imagePullSecret", "Secret %s/%s must have the key %s", p.Namespace, p.PullSecret, corev1.DockerConfigJsonKey)
		default:
			p.DockerConfig = secret.Data[corev1.DockerConfigJsonKey]
		}
	}
}
