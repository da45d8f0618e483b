package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Logins are those of a Docker configuration that holds them itself, as Secrets of type kubernetes.io/dockerconfigjson
// do. It is an authn.Keychain: the entry with the longest path that the repository is below is taken, and none means no
// login.
type Logins map[string]authn.AuthConfig

// ParseLogins reads {"auths": {"registry.example.com": {"auth": "…"}}}. Errors hold no secrets.
func ParseLogins(dockerConfig []byte) (Logins, error) {
	var config struct {
		Auths map[string]authn.AuthConfig `json:"auths"`
	}
	if err := json.Unmarshal(dockerConfig, &config); err != nil {
		return nil, errors.New(`must be JSON of the form {"auths": {"registry.example.com": {"auth": "base64 of user:password"}}}`)
	}
	if len(config.Auths) == 0 {
		return nil, errors.New("auths: must not be empty")
	}
	logins := Logins{}
	for key, login := range config.Auths {
		where := place(key)
		if where == "" {
			return nil, fmt.Errorf("auths: %q is not a registry", key)
		}
		logins[where] = login
	}
	return logins, nil
}

// place turns a key of a Docker configuration, which may be a URL, into "registry" or "registry/path".
func place(key string) string {
	_, rest, found := strings.Cut(key, "://")
	if !found {
		rest = key
	}
	rest = strings.TrimSuffix(rest, "/")
	for _, version := range []string{"/v1", "/v2"} {
		rest = strings.TrimSuffix(rest, version)
	}
	if host, path, _ := strings.Cut(rest, "/"); host == "docker.io" || host == "registry-1.docker.io" {
		return strings.TrimSuffix(name.DefaultRegistry+"/"+path, "/")
	}
	return rest
}

// Resolve implements authn.Keychain.
func (l Logins) Resolve(of authn.Resource) (authn.Authenticator, error) {
	for where := of.String(); ; {
		if login, ok := l[where]; ok {
			return authn.FromConfig(login), nil
		}
		i := strings.LastIndexByte(where, '/')
		if i < 0 {
			return authn.Anonymous, nil
		}
		where = where[:i]
	}
}
