package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// parseService reads where the agent is.
func parseService(o field.Object) (wrapper.HttpClient, error) {
	source := o.Get("serviceSource").String()
	switch source {
	case "k8s", "nacos", "ip", "dns", "route":
	default:
		return nil, errors.New("unknown service source: " + source)
	}
	name := strings.TrimSpace(o.Get("serviceName").String())
	host := o.Get("host").String()
	port, _, err := o.Int("servicePort", 0, 65535)
	if err != nil {
		return nil, err
	}
	if host == "" && (name == "" || port == 0) {
		return nil, errors.New("invalid service config")
	}
	if source == "route" {
		return wrapper.NewClusterClient(wrapper.RouteCluster{Host: host}), nil
	}
	if source == "k8s" || source == "nacos" {
		return parseRegistered(o, source, name, port)
	}
	if name == "" || port == 0 {
		log.Error("serviceName and servicePort: without both of them every request is refused")
	}
	if source == "ip" {
		return wrapper.NewClusterClient(wrapper.StaticIpCluster{ServiceName: name, Port: port, Host: host}), nil
	}
	return wrapper.NewClusterClient(wrapper.DnsCluster{ServiceName: name, Port: port, Domain: o.Get("domain").String()}), nil
}

func parseRegistered(o field.Object, source, name string, port int64) (wrapper.HttpClient, error) {
	namespace := strings.TrimSpace(o.Get("namespace").String())
	switch {
	case namespace == "":
		return nil, errors.New("namespace not allow empty")
	case name == "":
		return nil, errors.New("invalid service config")
	case source == "k8s":
		return wrapper.NewClusterClient(wrapper.K8sCluster{ServiceName: name, Namespace: namespace, Port: port}), nil
	}
	return wrapper.NewClusterClient(wrapper.NacosCluster{ServiceName: name, NamespaceID: namespace, Port: port}), nil
}
