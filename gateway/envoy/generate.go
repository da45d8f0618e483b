package envoy

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

// object is a JSON object of Envoy's API.
type object = map[string]any

// typeURL is the value of an Any's @type.
func typeURL(message string) string { return "type.googleapis.com/" + message }

// listenerName is the name of the listener in static configurations.
const listenerName = "gateway"

// Generate writes the bootstrap configuration of a stock Envoy, as YAML, that does what the local gateway does with the
// snapshot. The error joins everything that a stock Envoy cannot honour, each with its resource and field. The output
// depends on the arguments and the plugins' modules alone.
func Generate(s *manifest.Snapshot, opts Options) ([]byte, error) {
	opts = opts.withDefaults()
	listener, err := generateListener(s, opts, listenerName)
	if err != nil {
		return nil, err
	}
	clusters, err := generateClusters(s, opts)
	if err != nil {
		return nil, err
	}
	admin, err := socketAddress(opts.Admin)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	return yaml.Marshal(object{
		"node":             node(),
		"admin":            object{"address": admin},
		"static_resources": object{"listeners": []any{listener}, "clusters": clusters},
	})
}

// node is how Envoy names itself.
func node() object { return object{"id": "wasmplane", "cluster": "wasmplane"} }

// socketAddress turns "host:port" into a core.v3.Address.
func socketAddress(hostPort string) (object, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q: port must be between 0 and 65535", hostPort)
	}
	if host == "" {
		host = "0.0.0.0"
	}
	return object{"socket_address": object{"address": host, "port_value": number}}, nil
}

// seconds is the JSON form of a google.protobuf.Duration.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s"
}

// refusal names what a stock Envoy cannot honour in a resource.
func refusal(source, resource, field, format string, args ...any) error {
	p := manifest.Problem{File: source, Resource: resource, Field: field, Message: fmt.Sprintf(format, args...)}
	if i := strings.LastIndexByte(source, ':'); i > 0 {
		if line, err := strconv.Atoi(source[i+1:]); err == nil {
			p.File, p.Line = source[:i], line
		}
	}
	return p
}

// collect calls f for each item and joins the errors.
func collect[T any](items []T, f func(T) (any, error)) ([]any, error) {
	out := []any{}
	var failures []error
	for _, item := range items {
		v, err := f(item)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		out = append(out, v)
	}
	return out, errors.Join(failures...)
}
