package plugin

import (
	"strings"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/stream"
)

// listenerOutbound is the direction of gateway listeners.
const listenerOutbound = 2

// filterStatePrefix goes before the names under which guests keep their properties with the stream.
const filterStatePrefix = "wasm."

// pluginProperty answers the properties that need no stream. The path has one segment.
func (r *rootContext) pluginProperty(name string) ([]byte, abi.Status) {
	switch name {
	case "plugin_name":
		return []byte(r.plugin.spec.Name), abi.OK
	case "plugin_root_id":
		return []byte(r.plugin.spec.RootID), abi.OK
	case "plugin_vm_id":
		return []byte(r.plugin.spec.VMID), abi.OK
	case "plugin_vm_memory":
		return encodeInt(r.machine.vm.MemorySize()), abi.OK
	case "listener_direction":
		return encodeInt(listenerOutbound), abi.OK
	}
	return nil, abi.NotFound
}

// Property implements abi.Context. The attributes are Envoy's
// (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes); what the gateway does not know
// of itself, such as its node or certificates, is NotFound.
func (f *filter) Property(path string) ([]byte, abi.Status) {
	root, rest, deeper := strings.Cut(path, "\x00")
	if f.destroyed {
		return nil, abi.NotFound
	}
	if attributes, isRoot := attributeRoots[root]; isRoot {
		if !deeper {
			return nil, abi.SerializationFailure // a container asked for as a whole
		}
		return attributes(f, rest)
	}
	if deeper {
		return nil, abi.NotFound
	}
	if f.root.plugin.spec.Module.Profile().HasProperty(root) {
		if value, status := f.root.pluginProperty(root); status == abi.OK {
			return value, status
		}
		if value, found := f.streamProperty(root); found {
			return value, abi.OK
		}
	}
	if value, found := f.callbacks.Info().FilterState[filterStatePrefix+root]; found {
		return value, abi.OK
	}
	return nil, abi.NotFound
}

var attributeRoots map[string]func(f *filter, path string) ([]byte, abi.Status)

func init() { // not a literal: the functions lead back to Property
	attributeRoots = map[string]func(*filter, string) ([]byte, abi.Status){
		"request":      (*filter).requestAttribute,
		"response":     (*filter).responseAttribute,
		"connection":   (*filter).connectionAttribute,
		"upstream":     (*filter).upstreamAttribute,
		"source":       (*filter).sourceAttribute,
		"destination":  (*filter).destinationAttribute,
		"metadata":     (*filter).metadataAttribute,
		"filter_state": (*filter).filterStateAttribute,
		"xds":          (*filter).xdsAttribute,
	}
}

// streamProperty answers the names of one segment that describe the stream.
func (f *filter) streamProperty(name string) ([]byte, bool) {
	switch name {
	case "route_name":
		if route := f.callbacks.Route(); route != nil {
			return []byte(route.Name), true
		}
		noted := f.callbacks.Info().RouteName
		return []byte(noted), noted != ""
	case "cluster_name":
		cluster := f.cluster()
		return []byte(cluster), cluster != ""
	case "connection_id":
		if conn := f.callbacks.Info().Conn; conn != nil {
			return encodeInt(conn.ID), true
		}
	}
	return nil, false
}

// cluster is that of the chosen upstream host, else of the route, else the one noted with the stream.
func (f *filter) cluster() string {
	info := f.callbacks.Info()
	if info.UpstreamHost.IsValid() && info.ClusterName != "" {
		return info.ClusterName
	}
	if route := f.callbacks.Route(); route != nil && route.Cluster != "" {
		return route.Cluster
	}
	return info.ClusterName
}

func (f *filter) xdsAttribute(path string) ([]byte, abi.Status) {
	var route *stream.Route
	switch path {
	case "cluster_name":
		return textAttribute(f.cluster())
	case "route_name", "virtual_host_name":
		route = f.callbacks.Route()
	}
	switch {
	case route == nil:
		return nil, abi.NotFound
	case path == "route_name":
		return textAttribute(route.Name)
	}
	return textAttribute(route.VirtualHost)
}

func (f *filter) filterStateAttribute(path string) ([]byte, abi.Status) {
	value, found := f.callbacks.Info().FilterState[path]
	if !found {
		return nil, abi.NotFound
	}
	return value, abi.OK
}

// textAttribute answers a text that is NotFound when empty.
func textAttribute(text string) ([]byte, abi.Status) {
	if text == "" {
		return nil, abi.NotFound
	}
	return []byte(text), abi.OK
}
