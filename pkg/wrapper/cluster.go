package wrapper

import (
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// Cluster names an upstream that call-outs can go to.
type Cluster interface {
	// ClusterName is the gateway's name of the upstream.
	ClusterName() string
	// HostName is the authority of calls whose URL has no host.
	HostName() string
}

// RouteCluster is the cluster of the current stream's route.
type RouteCluster struct {
	Host string
}

// ClusterName reads the route's cluster; "" with an error log if there is none.
func (c RouteCluster) ClusterName() string {
	name, err := routeClusterName()
	if err != nil {
		log.Error("get route cluster failed: " + err.Error())
	}
	return name
}

func (c RouteCluster) clusterForLog() string {
	if !levelEnabled(calloutLevel()) {
		return ""
	}
	name, _ := routeClusterName()
	return name
}

func routeClusterName() (string, error) {
	name, err := proxywasm.GetProperty([]string{"cluster_name"})
	if err != nil {
		name, err = proxywasm.GetProperty([]string{"xds", "cluster_name"})
	}
	return string(name), err
}

// HostName is Host, else the current request's authority.
func (c RouteCluster) HostName() string {
	if c.Host != "" {
		return c.Host
	}
	authority, err := proxywasm.GetHttpRequestHeader(":authority")
	if err != nil && running.stream != nil {
		return running.stream.Host()
	}
	return authority
}

// TargetCluster is a cluster by its own name.
type TargetCluster struct {
	Host    string
	Cluster string
}

// ClusterName is Cluster.
func (c TargetCluster) ClusterName() string { return c.Cluster }

// HostName is Host.
func (c TargetCluster) HostName() string { return c.Host }

// outbound builds the name of a cluster for outgoing traffic.
func outbound(port int64, subset, fqdn string) string {
	return "outbound|" + decimal(int(port)) + "|" + subset + "|" + fqdn
}

func firstNonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// K8sCluster is a Kubernetes service. An empty namespace is `default`.
type K8sCluster struct {
	ServiceName string
	Namespace   string
	Port        int64
	Version     string
	Host        string
}

func (c K8sCluster) fqdn() string {
	return c.ServiceName + "." + firstNonEmpty(c.Namespace, "default") + ".svc.cluster.local"
}

// ClusterName is `outbound|port|version|service.namespace.svc.cluster.local`.
func (c K8sCluster) ClusterName() string { return outbound(c.Port, c.Version, c.fqdn()) }

// HostName is Host, else the service's domain name.
func (c K8sCluster) HostName() string { return firstNonEmpty(c.Host, c.fqdn()) }

// NacosCluster is a service registered in Nacos.
type NacosCluster struct {
	ServiceName string
	// Group is DEFAULT-GROUP if empty.
	Group       string
	NamespaceID string
	Port        int64
	// IsExtRegistry is true for EDAS and SAE registries.
	IsExtRegistry bool
	Version       string
	Host          string
}

// ClusterName is `outbound|port|version|service.group.namespace.nacos`. As in the gateway's own names, underscores of
// group and namespace become hyphens.
func (c NacosCluster) ClusterName() string {
	registry := "nacos"
	if c.IsExtRegistry {
		registry = "nacos-ext"
	}
	group := hyphenated(firstNonEmpty(c.Group, "DEFAULT-GROUP"))
	return outbound(c.Port, c.Version, c.ServiceName+"."+group+"."+hyphenated(c.NamespaceID)+"."+registry)
}

// HostName is Host, else the service name.
func (c NacosCluster) HostName() string { return firstNonEmpty(c.Host, c.ServiceName) }

func hyphenated(s string) string { return strings.ReplaceAll(s, "_", "-") }

// StaticIpCluster is a service with fixed addresses.
type StaticIpCluster struct {
	ServiceName string
	Port        int64
	Host        string
}

// ClusterName is `outbound|port||service.static`.
func (c StaticIpCluster) ClusterName() string { return outbound(c.Port, "", c.ServiceName+".static") }

// HostName is Host, else the service name.
func (c StaticIpCluster) HostName() string { return firstNonEmpty(c.Host, c.ServiceName) }

// DnsCluster is a service behind a domain name.
type DnsCluster struct {
	ServiceName string
	Domain      string
	Port        int64
}

// ClusterName is `outbound|port||service.dns`.
func (c DnsCluster) ClusterName() string { return outbound(c.Port, "", c.ServiceName+".dns") }

// HostName is Domain.
func (c DnsCluster) HostName() string { return c.Domain }

// ConsulCluster is a service registered in Consul.
type ConsulCluster struct {
	ServiceName string
	Datacenter  string
	Port        int64
	Host        string
}

// ClusterName is `outbound|port||service.datacenter.consul`, underscores turned into hyphens as in the gateway's names.
func (c ConsulCluster) ClusterName() string {
	return outbound(c.Port, "", hyphenated(c.ServiceName+"."+c.Datacenter+".consul"))
}

// HostName is Host, else the service name.
func (c ConsulCluster) HostName() string { return firstNonEmpty(c.Host, c.ServiceName) }

// FQDNCluster is a service by its full name in the gateway.
type FQDNCluster struct {
	FQDN string
	Host string
	Port int64
}

// ClusterName is `outbound|port||fqdn`.
func (c FQDNCluster) ClusterName() string { return outbound(c.Port, "", c.FQDN) }

// HostName is Host, else FQDN.
func (c FQDNCluster) HostName() string { return firstNonEmpty(c.Host, c.FQDN) }

// fixedClusterName returns the name of a cluster whose name never changes, so clients can build it once.
func fixedClusterName(cluster Cluster) (string, bool) {
	switch c := cluster.(type) {
	case TargetCluster, K8sCluster, NacosCluster, StaticIpCluster, DnsCluster, ConsulCluster, FQDNCluster:
		return c.ClusterName(), true
	}
	return "", false
}
