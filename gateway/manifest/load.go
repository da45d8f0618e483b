// Package manifest reads the Kubernetes resources that configure a Higress gateway (WasmPlugin, Ingress, Service,
// EndpointSlice, Endpoints, McpBridge, Secret) from YAML files, the same files that production applies, and turns them
// into plugins in chain order, routes and clusters. It does what the Higress controller does between the resources and
// the gateway, and knows nothing of servers or Wasm.
package manifest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// DefaultNamespace is the Higress controller's own namespace. Resources without a namespace are taken to be in it.
const DefaultNamespace = "higress-system"

// Options change how manifests are read. The zero value is what production does.
type Options struct {
	// Namespace is the controller's own namespace; empty means DefaultNamespace.
	Namespace string
	// Upstreams gives endpoints ("host:port") over those in the manifests: to all ports of a Kubernetes service by
	// "NAME.NAMESPACE", or to the cluster of any kind of service by "HOST:PORT", such as "idp.dns:443", which then need
	// not be in a manifest.
	Upstreams map[string][]string
	// PushAllClusters makes Kubernetes services callable that no route refers to (Helm value
	// global.onlyPushRouteCluster false).
	PushAllClusters bool
}

func (o Options) namespace() string {
	if o.Namespace == "" {
		return DefaultNamespace
	}
	return o.Namespace
}

// Snapshot is everything that a set of manifests says. It is not changed after Load.
type Snapshot struct {
	Plugins  []*Plugin // in the order of the request path
	Routes   *RouteTable
	Clusters []*Cluster // sorted by name
	// NotPushed are clusters of services that no route refers to: production would refuse call-outs to them.
	NotPushed []*Cluster
	Secrets   map[string]*corev1.Secret // by namespace/name
	Files     []string
}

// File is a manifest's content, for callers that have it in memory.
type File struct {
	Name string
	Data []byte
}

// Load reads and parses files and folders. The snapshot is nil if any problem is fatal.
func Load(paths []string, opts Options) (*Snapshot, Problems) {
	files, problems := Read(paths)
	snapshot, more := Parse(files, opts)
	problems = append(problems, more...)
	if len(problems.Fatal()) > 0 {
		return nil, problems
	}
	return snapshot, problems
}

// Read returns the content of files and of all *.yaml, *.yml and *.json files below folders, hidden ones aside.
func Read(paths []string) ([]File, Problems) {
	var files []File
	var problems Problems
	for _, path := range paths {
		found, err := list(path)
		if err != nil {
			problems = append(problems, Problem{File: path, Message: reason(err)})
			continue
		}
		for _, name := range found {
			data, err := os.ReadFile(name)
			if err != nil {
				problems = append(problems, Problem{File: name, Message: reason(err)})
				continue
			}
			files = append(files, File{Name: name, Data: data})
		}
	}
	return files, problems
}

func reason(err error) string {
	if pathError, ok := err.(*fs.PathError); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}

func list(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var found []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(entry.Name(), ".") && name != path {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".yaml", ".yml", ".json":
			if !entry.IsDir() {
				found = append(found, name)
			}
		}
		return nil
	})
	return found, err
}

// reader gathers the resources of all documents before they are put together.
type reader struct {
	opts      Options
	problems  Problems
	seen      map[string]*document
	plugins   []*Plugin
	origins   map[*Plugin]*document
	routes    []*Route
	refs      []*backendRef
	services  map[string]*service
	endpoints map[string][]endpointSet
	bridges   []*Cluster
	secrets   map[string]*corev1.Secret
}

// Parse reads manifests that are in memory. The snapshot is nil if any problem is fatal.
func Parse(files []File, opts Options) (*Snapshot, Problems) {
	r := &reader{
		opts: opts, seen: map[string]*document{}, origins: map[*Plugin]*document{}, services: map[string]*service{},
		endpoints: map[string][]endpointSet{}, secrets: map[string]*corev1.Secret{},
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
		for _, doc := range split(file.Name, file.Data, &r.problems) {
			if doc.open() {
				r.read(doc)
			}
		}
	}
	snapshot := r.assemble()
	snapshot.Files = names
	if len(r.problems.Fatal()) > 0 {
		return nil, r.problems
	}
	return snapshot, r.problems
}

func (r *reader) read(d *document) {
	if first := r.seen[d.resource]; first != nil {
		d.fail("metadata.name", "the same resource is already in %s:%d", first.file, first.line)
		return
	}
	r.seen[d.resource] = d
	key := d.header.Metadata.Namespace + "/" + d.header.Metadata.Name
	switch d.header.Kind {
	case "WasmPlugin":
		if p := d.wasmPlugin(r.opts); p != nil {
			r.plugins = append(r.plugins, p)
			r.origins[p] = d
		}
	case "Ingress":
		routes, refs := d.ingress(r.opts)
		r.routes, r.refs = append(r.routes, routes...), append(r.refs, refs...)
	case "Service":
		if s := d.service(); s != nil {
			r.services[key] = s
		}
	case "EndpointSlice":
		if owner, set, ok := d.endpointSlice(); ok {
			owner = d.header.Metadata.Namespace + "/" + owner
			r.endpoints[owner] = append(r.endpoints[owner], set)
		}
	case "Endpoints":
		r.endpoints[key] = append(r.endpoints[key], d.endpoints()...)
	case "McpBridge":
		r.bridges = append(r.bridges, d.mcpBridge()...)
	case "Secret":
		if s := d.secret(); s != nil {
			r.secrets[key] = s
		}
	default:
		d.warn("kind", "ignored: the local gateway does not use %s resources", d.header.Kind)
	}
}

func (r *reader) assemble() *Snapshot {
	s := &Snapshot{Secrets: r.secrets, Plugins: r.plugins}
	chainOrder(s.Plugins)
	r.pullSecrets()
	all := map[string]*Cluster{}
	for key, svc := range r.services {
		svc.endpoints = r.endpoints[key]
		for _, c := range svc.clusters(r.opts.Upstreams) {
			all[c.Name] = c
		}
	}
	for _, ref := range r.refs {
		if c := ref.resolve(r.services); c != nil && all[c.Name] == nil {
			c.Endpoints = r.opts.Upstreams[ref.service+"."+ref.namespace]
			all[c.Name] = c
		}
		if c := all[ref.route.Cluster]; c != nil && ref.protocol != nil {
			c.Protocol, c.TLS = ref.protocol.Protocol, ref.protocol.TLS
		}
	}
	for _, c := range r.bridges {
		if other := all[c.Name]; other != nil {
			r.problems = append(r.problems, Problem{File: c.Source, Message: fmt.Sprintf("cluster %s is already defined at %s", c.Name, other.Source)})
			continue
		}
		all[c.Name] = c
	}
	r.override(all)
	used := map[string]bool{}
	for _, route := range r.routes {
		used[route.Cluster] = true
	}
	for _, c := range all {
		if c.Kubernetes && !used[c.Name] && !r.opts.PushAllClusters {
			s.NotPushed = append(s.NotPushed, c)
			continue
		}
		s.Clusters = append(s.Clusters, c)
	}
	sort.Slice(s.Clusters, func(i, j int) bool { return s.Clusters[i].Name < s.Clusters[j].Name })
	sort.Slice(s.NotPushed, func(i, j int) bool { return s.NotPushed[i].Name < s.NotPushed[j].Name })
	s.Routes = newRouteTable(slices.Clone(r.routes))
	return s
}

// override applies the endpoints given by cluster host and port.
func (r *reader) override(all map[string]*Cluster) {
	for key, endpoints := range r.opts.Upstreams {
		host, port, ok := cutPort(key)
		if !ok {
			continue
		}
		name := ClusterName(port, host)
		c := all[name]
		if c == nil {
			c = &Cluster{Name: name, Host: host, Port: port, Protocol: HTTP1, Source: "--upstream " + key}
			all[name] = c
		}
		c.Endpoints, c.Kubernetes = endpoints, false
	}
}

// ClusterOf returns the name of the cluster of a service given as "host:port".
func ClusterOf(service string) (name string, ok bool) {
	host, port, ok := cutPort(service)
	return ClusterName(port, host), ok
}

func cutPort(key string) (host string, port int, ok bool) {
	i := strings.LastIndexByte(key, ':')
	if i <= 0 {
		return "", 0, false
	}
	port, err := strconv.Atoi(key[i+1:])
	return key[:i], port, err == nil && port > 0 && port < 65536
}
