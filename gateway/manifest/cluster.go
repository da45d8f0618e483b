package manifest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// Protocol is how the gateway speaks to a cluster's endpoints.
type Protocol string

// Protocols. TLS is separate.
const (
	HTTP1 Protocol = "http"
	HTTP2 Protocol = "http2"
	TCP   Protocol = "tcp" // Redis and other call-outs that are not HTTP
)

// Cluster is a group of endpoints that routes and call-outs name.
type Cluster struct {
	Name      string // outbound|<port>||<host>
	Host      string // the third part of the name
	Port      int
	Protocol  Protocol
	TLS       bool
	SNI       string
	Endpoints []string // host:port, IP addresses or DNS names
	// Kubernetes clusters are pushed to the gateway only when a route refers to them; those of an McpBridge always.
	Kubernetes bool
	Source     string // "file:line" of the resource, or where else it comes from
}

// ClusterName returns the name Higress gives to a service's cluster.
func ClusterName(port int, host string) string { return fmt.Sprintf("outbound|%d||%s", port, host) }

// serviceHost is the host part of a Kubernetes service's cluster name.
func serviceHost(namespace, name string) string {
	return name + "." + namespace + ".svc.cluster.local"
}

type servicePort struct {
	name     string
	port     int
	target   string // name or number; empty when not known
	protocol Protocol
	tls      bool
}

type service struct {
	doc       *document
	namespace string
	name      string
	external  string // ExternalName
	ports     []servicePort
	endpoints []endpointSet
}

// endpointSet is one EndpointSlice, or one subset of Endpoints.
type endpointSet struct {
	addresses []string
	ports     map[string]int // by port name, "" for the unnamed
}

func (d *document) service() *service {
	var res corev1.Service
	if !d.decode(&res) {
		return nil
	}
	svc := &service{doc: d, namespace: d.header.Metadata.Namespace, name: res.Name}
	if res.Spec.Type == corev1.ServiceTypeExternalName {
		if res.Spec.ExternalName == "" {
			d.fail("spec.externalName", "must not be empty")
			return nil
		}
		svc.external = res.Spec.ExternalName
	}
	for i, p := range res.Spec.Ports {
		if p.Port < 1 || p.Port > 65535 {
			d.fail(fmt.Sprintf("spec.ports[%d].port", i), "must be between 1 and 65535, not %d", p.Port)
			return nil
		}
		port := servicePort{name: p.Name, port: int(p.Port), target: p.TargetPort.String()}
		app := ""
		if p.AppProtocol != nil {
			app = *p.AppProtocol
		}
		port.protocol, port.tls = portProtocol(p.Name, app)
		svc.ports = append(svc.ports, port)
	}
	return svc
}

// portProtocol reads the protocol from appProtocol, else from the port name's prefix, as Istio does.
func portProtocol(name, app string) (Protocol, bool) {
	if app == "" {
		app, _, _ = strings.Cut(name, "-")
	}
	switch strings.ToLower(strings.TrimPrefix(app, "kubernetes.io/")) {
	case "h2c", "http2", "grpc", "grpc-web":
		return HTTP2, false
	case "https":
		return HTTP1, true
	case "tcp", "redis", "mysql", "mongo":
		return TCP, false
	default:
		return HTTP1, false
	}
}

func (d *document) endpointSlice() (owner string, set endpointSet, ok bool) {
	var res discoveryv1.EndpointSlice
	if !d.decode(&res) {
		return "", set, false
	}
	owner = res.Labels[discoveryv1.LabelServiceName]
	if owner == "" {
		d.fail("metadata.labels", "must have %s", discoveryv1.LabelServiceName)
		return "", set, false
	}
	set.ports = map[string]int{}
	for _, p := range res.Ports {
		if p.Port == nil {
			continue
		}
		name := ""
		if p.Name != nil {
			name = *p.Name
		}
		set.ports[name] = int(*p.Port)
	}
	for _, e := range res.Endpoints {
		if e.Conditions.Ready == nil || *e.Conditions.Ready {
			set.addresses = append(set.addresses, e.Addresses...)
		}
	}
	return owner, set, true
}

func (d *document) endpoints() []endpointSet {
	var res corev1.Endpoints //nolint:staticcheck // still what many clusters export
	if !d.decode(&res) {
		return nil
	}
	var sets []endpointSet
	for _, subset := range res.Subsets {
		set := endpointSet{ports: map[string]int{}}
		for _, p := range subset.Ports {
			set.ports[p.Name] = int(p.Port)
		}
		for _, a := range subset.Addresses {
			set.addresses = append(set.addresses, a.IP)
		}
		sets = append(sets, set)
	}
	return sets
}

// clusters turns a service into one cluster a port.
func (s *service) clusters(overrides map[string][]string) []*Cluster {
	var out []*Cluster
	host := serviceHost(s.namespace, s.name)
	for _, port := range s.ports {
		c := &Cluster{
			Name: ClusterName(port.port, host), Host: host, Port: port.port, Protocol: port.protocol, TLS: port.tls,
			Kubernetes: true, Source: fmt.Sprintf("%s:%d", s.doc.file, s.doc.line),
		}
		switch {
		case len(overrides[s.name+"."+s.namespace]) > 0:
			c.Endpoints = overrides[s.name+"."+s.namespace]
		case s.external != "":
			c.Endpoints = []string{joinHostPort(s.external, port.port)}
		default:
			c.Endpoints = s.portEndpoints(port)
		}
		out = append(out, c)
	}
	return out
}

func (s *service) portEndpoints(port servicePort) []string {
	var out []string
	for _, set := range s.endpoints {
		number, ok := set.ports[port.name]
		if !ok && len(set.ports) == 1 && len(s.ports) == 1 {
			for _, number = range set.ports {
				ok = true
			}
		}
		if !ok {
			number, _ = strconv.Atoi(port.target)
			if ok = number > 0 && len(set.ports) == 0; !ok {
				continue
			}
		}
		for _, address := range set.addresses {
			out = append(out, joinHostPort(address, number))
		}
	}
	return out
}

func joinHostPort(host string, port int) string {
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() {
		return fmt.Sprintf("[%s]:%d", host, port)
	}
	return fmt.Sprintf("%s:%d", host, port)
}
