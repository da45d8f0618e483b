package main

import (
	"errors"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// service is the authorization service: where it is, and which request it is asked with.
type service struct {
	cluster wrapper.FQDNCluster
	client  wrapper.HttpClient
	timeout uint32 // ms

	// method and path are those of a forward-auth endpoint. Without a method the service is asked with the method of the
	// request, and with its path behind prefix.
	method, path string
	prefix       string
}

// forwards tells whether the service is a forward-auth endpoint.
func (s *service) forwards() bool { return s.method != "" }

// methodFor is the method that the service is asked with.
func (s *service) methodFor(r *request) string {
	if s.forwards() {
		return s.method
	}
	return r.method
}

// targetFor is the path, with its query, that the service is asked for. The request's own is not touched.
func (s *service) targetFor(r *request) string {
	if s.forwards() {
		return s.path
	}
	if !strings.HasPrefix(r.path, "/") {
		return s.prefix + "/" + r.path // OPTIONS *
	}
	return s.prefix + r.path
}

func (s *service) parse(o field.Object) error {
	mode, _, err := o.String("endpoint_mode")
	if err != nil {
		return err
	}
	forward := mode == "forward_auth"
	if !forward && mode != "envoy" && mode != "" {
		return errors.New("endpoint_mode " + mode + " is not supported")
	}
	endpoint, set, err := o.Object("endpoint")
	switch {
	case err != nil:
		return err
	case !set:
		return errors.New("missing endpoint in config")
	}
	if err := s.parseCluster(endpoint); err != nil {
		return err
	}
	timeout, err := o.PositiveOr("timeout", 1<<32-1, 1000)
	if err != nil {
		return err
	}
	s.timeout = uint32(timeout)
	if forward {
		return s.parseForward(endpoint)
	}
	return s.parseEnvoy(endpoint)
}

func (s *service) parseCluster(o field.Object) error {
	name, _, err := o.String("service_name")
	if err != nil {
		return err
	}
	if name == "" {
		return errors.New("endpoint service name must not be empty")
	}
	host, _, err := o.String("service_host")
	if err != nil {
		return err
	}
	if !isVisible(host) {
		return o.FieldError("service_host", "must not hold blanks or control characters")
	}
	port, err := o.PositiveOr("service_port", 65535, 80)
	if err != nil {
		return err
	}
	s.cluster = wrapper.FQDNCluster{FQDN: name, Host: host, Port: port}
	s.client = wrapper.NewClusterClient(s.cluster)
	return nil
}

func (s *service) parseForward(o field.Object) error {
	warnIgnored(o, "path_prefix", "envoy")
	path, set, err := o.String("path")
	switch {
	case err != nil:
		return err
	case !set:
		return errors.New("when endpoint_mode is forward_auth, endpoint path must not be empty")
	case !isVisible(path):
		return o.FieldError("path", "must not hold blanks or control characters")
	case !strings.HasPrefix(path, "/"):
		path = "/" + path
	}
	method, _, err := o.String("request_method")
	switch {
	case err != nil:
		return err
	case method == "":
		method = "GET"
	case !httpheader.IsName(method):
		return o.FieldError("request_method", "must be a method")
	}
	s.path, s.method = path, strings.ToUpper(method)
	return nil
}

func (s *service) parseEnvoy(o field.Object) error {
	warnIgnored(o, "request_method", "forward_auth")
	warnIgnored(o, "path", "forward_auth")
	prefix, set, err := o.String("path_prefix")
	switch {
	case err != nil:
		return err
	case !set:
		return errors.New("when endpoint_mode is envoy, endpoint path_prefix must not be empty")
	case !isVisible(prefix):
		return o.FieldError("path_prefix", "must not hold blanks or control characters")
	}
	prefix = strings.TrimRight(prefix, "/")
	if prefix != "" && prefix[0] != '/' {
		prefix = "/" + prefix
	}
	s.prefix = prefix
	return nil
}

func warnIgnored(o field.Object, key, mode string) {
	if o.Has(key) {
		log.Warn(o.Place(key) + ": is ignored, it needs endpoint_mode " + mode)
	}
}
