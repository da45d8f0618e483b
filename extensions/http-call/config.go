package main

import (
	"errors"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/independent"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Config is the global configuration, or that of a rule: nothing is inherited.
type Config struct {
	independent.Global
	service     wrapper.HttpClient
	requestPath string // path, or a URL whose host becomes the authority
	bodyHeader  string // request header that receives the answer's body
	tokenHeader string // header of the answer that is copied to the request
}

// parseConfig reads a configuration. The first thing wrong, in the order of the documentation, is the error.
func parseConfig(o field.Object, config *Config) error {
	for _, part := range []struct {
		name   string
		target *string
	}{
		{"bodyHeader", &config.bodyHeader},
		{"tokenHeader", &config.tokenHeader},
		{"requestPath", &config.requestPath},
	} {
		*part.target = o.Get(part.name).String()
		if *part.target == "" {
			return errors.New("missing " + part.name + " in config")
		}
	}
	var err error
	if config.service, err = parseService(o); err != nil {
		return err
	}
	for _, key := range []string{"bodyHeader", "tokenHeader"} {
		if !httpheader.IsName(o.Get(key).String()) { // the plugin removes the headers it is told: no pseudo headers
			return httpheader.NameError(o, key)
		}
	}
	return nil
}

func parseService(o field.Object) (wrapper.HttpClient, error) {
	name, port := o.Get("serviceName").String(), o.Get("servicePort").Int()
	if name == "" || port < 1 || port > 65535 {
		return nil, errors.New("invalid service config")
	}
	namespace := o.Get("namespace").String()
	switch source := o.Get("serviceSource").String(); source {
	case "k8s":
		return wrapper.NewClusterClient(wrapper.K8sCluster{ServiceName: name, Namespace: namespace, Port: port}), nil
	case "nacos":
		return wrapper.NewClusterClient(wrapper.NacosCluster{ServiceName: name, NamespaceID: namespace, Port: port}), nil
	case "ip":
		return wrapper.NewClusterClient(wrapper.StaticIpCluster{ServiceName: name, Port: port}), nil
	case "dns":
		domain := o.Get("domain").String()
		return wrapper.NewClusterClient(wrapper.DnsCluster{ServiceName: name, Domain: domain, Port: port}), nil
	default:
		return nil, errors.New("unknown service source: " + source)
	}
}
