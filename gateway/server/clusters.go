package server

import (
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/upstream"
)

// Services that exist without a manifest, as if an McpBridge had them.
const (
	EchoService  = "echo.static"  // port 80, the echo upstream
	RedisService = "redis.static" // port 6379, the embedded Redis or the one given with --redis
)

// defaultManifest routes everything to the echo upstream.
const defaultManifest = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: default
  namespace: higress-system
  annotations: {higress.io/destination: "echo.static:80"}
spec:
  defaultBackend: {resource: {apiGroup: networking.higress.io, kind: McpBridge, name: default}}
`

// clusterConfigs turns a snapshot's clusters into upstream ones and adds those that the gateway brings along. What the
// manifests define wins.
func (g *Gateway) clusterConfigs(s *manifest.Snapshot) []upstream.Config {
	var own []upstream.Config
	add := func(name, address string) {
		if address != "" {
			own = append(own, upstream.Config{Name: name, Endpoints: []string{address}})
		}
	}
	add(manifest.ClusterName(80, EchoService), g.embedded.echoAddr)
	add(manifest.ClusterName(6379, RedisService), g.embedded.redisAddr)
	for service, kind := range g.config.Services {
		name, _ := manifest.ClusterOf(service) // checked by Config.withDefaults
		if kind == ServiceRedis {
			add(name, g.embedded.redisAddr)
		} else {
			add(name, g.embedded.echoAddr)
		}
	}
	var configs []upstream.Config
	for _, c := range s.Clusters {
		if g.standsIn(c) {
			configs = append(configs, upstream.Config{
				Name: c.Name, HTTP2: c.Protocol == manifest.HTTP2, Endpoints: []string{g.embedded.echoAddr},
			})
			continue
		}
		if len(c.Endpoints) == 0 && hasCluster(own, c.Name) {
			continue
		}
		configs = append(configs, upstream.Config{
			Name: c.Name, HTTP2: c.Protocol == manifest.HTTP2, TLS: c.TLS, SNI: c.SNI, Endpoints: c.Endpoints,
		})
	}
	return withMissing(configs, own)
}

func hasCluster(configs []upstream.Config, name string) bool {
	for _, c := range configs {
		if c.Name == name {
			return true
		}
	}
	return false
}

// standsIn reports whether the echo upstream takes the place of the cluster's endpoints. Only HTTP can be echoed.
func (g *Gateway) standsIn(c *manifest.Cluster) bool {
	if len(c.Endpoints) > 0 || c.Protocol == manifest.TCP || g.embedded.echoAddr == "" {
		return false
	}
	for service := range g.config.Services {
		if name, _ := manifest.ClusterOf(service); name == c.Name {
			return false
		}
	}
	return true
}

// announceEcho says once for each cluster that the echo upstream stands in. It requires g.reload.
func (g *Gateway) announceEcho(s *manifest.Snapshot) {
	for _, c := range s.Clusters {
		if g.standsIn(c) && !g.echoed[c.Name] {
			g.echoed[c.Name] = true
			g.log.infof("cluster %s has no endpoints: the echo upstream stands in", c.Name)
		}
	}
}
