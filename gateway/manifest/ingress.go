package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// PathType is how a route's path is compared.
type PathType string

// Path types of the Ingress resource. ImplementationSpecific is Prefix, as in Higress.
const (
	Exact  PathType = "Exact"
	Prefix PathType = "Prefix"
)

// Route is one path of one host of an Ingress.
type Route struct {
	Name     string // the Ingress's name, with "<namespace>/" in front outside the controller's namespace
	Host     string // "*", "*.example.com" or a name
	Path     string
	PathType PathType
	Cluster  string
	Timeout  time.Duration // 0 none
	// RewriteTarget replaces the matched path, RewriteHost the authority; empty means no change.
	RewriteTarget string
	RewriteHost   string
	Source        string // "file:line" of the resource
}

// backendRef is a route's reference to a service port, resolved once all documents are read.
type backendRef struct {
	doc       *document
	field     string
	route     *Route
	namespace string
	service   string
	port      networkingv1.ServiceBackendPort
	protocol  *Cluster // protocol and TLS set by annotation; nil when not
}

// annotations lists those the local gateway understands, without their prefix.
var annotations = map[string]bool{
	"destination": true, "backend-protocol": true, "rewrite-target": true, "upstream-vhost": true, "timeout": true,
}

var annotationPrefixes = []string{"higress.io/", "nginx.ingress.kubernetes.io/"}

func (d *document) annotation(name string) string {
	for _, prefix := range annotationPrefixes {
		if v, ok := d.header.Metadata.Annotations[prefix+name]; ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (d *document) warnAnnotations() {
	for key := range d.header.Metadata.Annotations {
		for _, prefix := range annotationPrefixes {
			if name, found := strings.CutPrefix(key, prefix); found && !annotations[name] {
				d.warn("metadata.annotations", "%s is ignored: the local gateway does not implement it", key)
			}
		}
	}
}

func (d *document) ingress(opts Options) (routes []*Route, refs []*backendRef) {
	var res networkingv1.Ingress
	if !d.decode(&res) {
		return nil, nil
	}
	d.warnAnnotations()
	template := Route{Name: res.Name, Source: fmt.Sprintf("%s:%d", d.file, d.line), RewriteTarget: d.annotation("rewrite-target"), RewriteHost: d.annotation("upstream-vhost")}
	if ns := d.header.Metadata.Namespace; ns != opts.namespace() {
		template.Name = ns + "/" + res.Name
	}
	if v := d.annotation("timeout"); v != "" {
		seconds, err := strconv.ParseFloat(v, 64)
		if err != nil || seconds < 0 {
			d.fail("metadata.annotations", "timeout must be a number of seconds, not %q", v)
			return nil, nil
		}
		template.Timeout = time.Duration(seconds * float64(time.Second))
	}
	add := func(field, host, path string, kind PathType, backend *networkingv1.IngressBackend) {
		route := template
		route.Host, route.Path, route.PathType = host, path, kind
		if ref := d.backend(field, &route, backend); ref != nil {
			refs = append(refs, ref)
		}
		routes = append(routes, &route)
	}
	for i, rule := range res.Spec.Rules {
		host := strings.ToLower(rule.Host)
		if host == "" {
			host = "*"
		}
		if strings.Contains(strings.TrimPrefix(host, "*."), "*") && host != "*" {
			d.fail(fmt.Sprintf("spec.rules[%d].host", i), "may have a wildcard as its first label only, not %q", rule.Host)
			continue
		}
		if rule.HTTP == nil {
			if res.Spec.DefaultBackend != nil {
				add("spec.defaultBackend", host, "/", Prefix, res.Spec.DefaultBackend)
			}
			continue
		}
		for j := range rule.HTTP.Paths {
			p := &rule.HTTP.Paths[j]
			field := fmt.Sprintf("spec.rules[%d].http.paths[%d]", i, j)
			path, kind, ok := d.path(field, p)
			if ok {
				add(field+".backend", host, path, kind, &p.Backend)
			}
		}
	}
	if len(res.Spec.Rules) == 0 && res.Spec.DefaultBackend != nil {
		add("spec.defaultBackend", "*", "/", Prefix, res.Spec.DefaultBackend)
	}
	return routes, refs
}

func (d *document) path(field string, p *networkingv1.HTTPIngressPath) (string, PathType, bool) {
	path := p.Path
	if path == "" {
		path = "/"
	}
	if path[0] != '/' {
		d.fail(field+".path", "must begin with a slash, not %q", p.Path)
		return "", "", false
	}
	if p.PathType == nil {
		return path, Prefix, true
	}
	switch *p.PathType {
	case networkingv1.PathTypeExact:
		return path, Exact, true
	case networkingv1.PathTypePrefix, networkingv1.PathTypeImplementationSpecific:
		return path, Prefix, true
	default:
		d.fail(field+".pathType", "must be one of Exact, Prefix, ImplementationSpecific, not %q", *p.PathType)
		return "", "", false
	}
}

// backend names the route's cluster, or returns what is needed to name it later.
func (d *document) backend(field string, route *Route, b *networkingv1.IngressBackend) *backendRef {
	if destination := d.annotation("destination"); destination != "" {
		d.destination(route, destination)
		return nil
	}
	if b.Service == nil {
		if b.Resource != nil && b.Resource.Kind == "McpBridge" {
			d.fail(field+".resource", "needs the annotation higress.io/destination to name a service of the McpBridge")
			return nil
		}
		d.fail(field, "must name a service")
		return nil
	}
	ref := &backendRef{doc: d, field: field + ".service", route: route, namespace: d.header.Metadata.Namespace, service: b.Service.Name, port: b.Service.Port}
	if v := d.annotation("backend-protocol"); v != "" {
		c := &Cluster{}
		if d.protocol("metadata.annotations", v, c) {
			ref.protocol = c
		}
	}
	return ref
}

// destination reads "host:port" of higress.io/destination. Weights and subsets are not supported here.
func (d *document) destination(route *Route, value string) {
	lines := strings.Split(strings.TrimSpace(value), "\n")
	fields := strings.Fields(lines[0])
	if len(fields) == 2 && fields[0] == "100%" {
		fields = fields[1:]
	}
	if len(lines) > 1 || len(fields) != 1 {
		d.fail("metadata.annotations", "destination must name one host:port: the local gateway does not split traffic by weight or subset")
		return
	}
	host, port := fields[0], 80
	if i := strings.LastIndexByte(host, ':'); i >= 0 {
		n, err := strconv.Atoi(host[i+1:])
		if err != nil || n < 1 || n > 65535 {
			d.fail("metadata.annotations", "destination %q has no valid port", host)
			return
		}
		host, port = host[:i], n
	}
	route.Cluster = ClusterName(port, host)
}

// resolve names the cluster of a route's service port, and returns a cluster without endpoints for a service that no
// manifest declares.
func (r *backendRef) resolve(services map[string]*service) *Cluster {
	host := serviceHost(r.namespace, r.service)
	svc := services[r.namespace+"/"+r.service]
	number := int(r.port.Number)
	if r.port.Name != "" {
		number = 0
		if svc != nil {
			for _, p := range svc.ports {
				if p.name == r.port.Name {
					number = p.port
				}
			}
		}
		if number == 0 {
			r.doc.fail(r.field+".port.name", "service %s/%s has no port named %q", r.namespace, r.service, r.port.Name)
			return nil
		}
	}
	if number < 1 || number > 65535 {
		r.doc.fail(r.field+".port.number", "must be between 1 and 65535, not %d", number)
		return nil
	}
	r.route.Cluster = ClusterName(number, host)
	if svc != nil {
		for _, p := range svc.ports {
			if p.port == number {
				return nil
			}
		}
		r.doc.warn(r.field+".port.number", "service %s/%s has no port %d", r.namespace, r.service, number)
	}
	return &Cluster{Name: r.route.Cluster, Host: host, Port: number, Protocol: HTTP1, Kubernetes: true, Source: r.route.Source}
}

// secret is a Secret resource as far as the gateway uses it.
func (d *document) secret() *corev1.Secret {
	var res corev1.Secret
	if !d.decode(&res) {
		return nil
	}
	res.Namespace = d.header.Metadata.Namespace
	for k, v := range res.StringData {
		if res.Data == nil {
			res.Data = map[string][]byte{}
		}
		res.Data[k] = []byte(v)
	}
	return &res
}
