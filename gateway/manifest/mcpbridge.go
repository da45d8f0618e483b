package manifest

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// McpBridge is the Higress resource networking.higress.io/v1 McpBridge: service registries outside Kubernetes.
type McpBridge struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              McpBridgeSpec `json:"spec,omitempty"`
	Status            any           `json:"status,omitempty"`
}

// McpBridgeSpec lists registries and forward proxies.
type McpBridgeSpec struct {
	Registries []Registry       `json:"registries,omitempty"`
	Proxies    []map[string]any `json:"proxies,omitempty"`
}

// Registry is one entry of an McpBridge. Only the fields of the types static and dns are used by the local gateway; the
// others are accepted so that production manifests load.
type Registry struct {
	Type     string         `json:"type"`
	Name     string         `json:"name"`
	Domain   string         `json:"domain"`
	Port     int            `json:"port"`
	Protocol string         `json:"protocol,omitempty"`
	SNI      string         `json:"sni,omitempty"`
	VPort    map[string]any `json:"vport,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`

	ProxyName              string   `json:"proxyName,omitempty"`
	AuthSecretName         string   `json:"authSecretName,omitempty"`
	NacosAddressServer     string   `json:"nacosAddressServer,omitempty"`
	NacosAccessKey         string   `json:"nacosAccessKey,omitempty"`
	NacosSecretKey         string   `json:"nacosSecretKey,omitempty"`
	NacosNamespaceId       string   `json:"nacosNamespaceId,omitempty"`
	NacosNamespace         string   `json:"nacosNamespace,omitempty"`
	NacosGroups            []string `json:"nacosGroups,omitempty"`
	NacosRefreshInterval   int64    `json:"nacosRefreshInterval,omitempty"`
	ConsulNamespace        string   `json:"consulNamespace,omitempty"`
	ConsulDatacenter       string   `json:"consulDatacenter,omitempty"`
	ConsulServiceTag       string   `json:"consulServiceTag,omitempty"`
	ConsulRefreshInterval  int64    `json:"consulRefreshInterval,omitempty"`
	ZkServicesPath         []string `json:"zkServicesPath,omitempty"`
	EnableMCPServer        *bool    `json:"enableMCPServer,omitempty"`
	EnableScopeMcpServers  *bool    `json:"enableScopeMcpServers,omitempty"`
	AllowMcpServers        []string `json:"allowMcpServers,omitempty"`
	McpServerBaseUrl       string   `json:"mcpServerBaseUrl,omitempty"`
	McpServerExportDomains []string `json:"mcpServerExportDomains,omitempty"`
}

var dnsName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)+\.?$`)

func (d *document) mcpBridge() []*Cluster {
	if d.header.APIVersion != "networking.higress.io/v1" {
		d.fail("apiVersion", "must be networking.higress.io/v1, not %q", d.header.APIVersion)
		return nil
	}
	var res McpBridge
	if !d.decode(&res) {
		return nil
	}
	var out []*Cluster
	for i := range res.Spec.Registries {
		if c := d.registry(fmt.Sprintf("spec.registries[%d]", i), &res.Spec.Registries[i]); c != nil {
			out = append(out, c)
		}
	}
	return out
}

func (d *document) registry(field string, r *Registry) *Cluster {
	switch r.Type {
	case "static", "dns":
	case "nacos", "nacos2", "nacos3", "consul", "eureka", "zookeeper":
		d.warn(field+".type", "ignored: the local gateway has no %s client; give its services as static or dns registries", r.Type)
		return nil
	default:
		d.fail(field+".type", "must be one of static, dns, nacos, nacos2, nacos3, consul, eureka, zookeeper, not %q", r.Type)
		return nil
	}
	if r.Name == "" {
		d.fail(field+".name", "must not be empty")
		return nil
	}
	if r.Port < 1 || r.Port > 65535 {
		d.fail(field+".port", "must be between 1 and 65535, not %d", r.Port)
		return nil
	}
	host := r.Name + "." + r.Type
	c := &Cluster{Name: ClusterName(r.Port, host), Host: host, Port: r.Port, SNI: r.SNI, Source: fmt.Sprintf("%s:%d", d.file, d.lineOf(field))}
	if !d.protocol(field+".protocol", r.Protocol, c) {
		return nil
	}
	for _, item := range strings.Split(r.Domain, ",") {
		item = strings.TrimSpace(item)
		endpoint, problem := registryEndpoint(r.Type, item, r.Port)
		if problem != "" {
			// The controller drops the whole service for one bad entry, and says so nowhere a user looks.
			d.fail(field+".domain", "%q %s", item, problem)
			return nil
		}
		c.Endpoints = append(c.Endpoints, endpoint)
	}
	if c.TLS && c.SNI == "" && r.Type == "dns" && len(c.Endpoints) == 1 {
		c.SNI = strings.TrimSpace(r.Domain)
	}
	return c
}

func registryEndpoint(kind, item string, port int) (endpoint, problem string) {
	if kind == "static" {
		if _, err := netip.ParseAddrPort(item); err != nil {
			return "", "must be an ip:port"
		}
		return item, ""
	}
	if !dnsName.MatchString(item) {
		return "", "must be a host name with a dot"
	}
	return joinHostPort(item, port), ""
}

func (d *document) protocol(field, value string, c *Cluster) bool {
	switch strings.ToLower(value) {
	case "", "http":
		c.Protocol = HTTP1
	case "https":
		c.Protocol, c.TLS = HTTP1, true
	case "http2", "grpc", "triple", "tri":
		c.Protocol = HTTP2
	case "grpcs":
		c.Protocol, c.TLS = HTTP2, true
	case "tcp":
		c.Protocol = TCP
	case "dubbo":
		d.warn(field, "ignored: the local gateway does not speak dubbo")
		return false
	default:
		d.fail(field, "must be one of http, https, http2, grpc, grpcs, tcp, dubbo, not %q", value)
		return false
	}
	return true
}
