package remote

import (
	"time"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// Where a configuration does not say otherwise.
const (
	DefaultPort     = 80
	DefaultDuration = 600  // s
	DefaultTimeout  = 1500 // ms
	DefaultRefetch  = 10   // s
)

// Parse reads where a set is published: service_name, service_port, service_host, path, jwks_cache_duration (seconds),
// jwks_fetch_timeout (milliseconds) and jwks_refetch_interval (seconds). It must be called while a configuration is
// parsed.
func Parse(o field.Object) (*Source, error) {
	cluster := wrapper.FQDNCluster{}
	var err error
	if cluster.FQDN, err = o.Required("service_name"); err != nil {
		return nil, err
	}
	if cluster.Host, _, err = o.String("service_host"); err != nil {
		return nil, err
	}
	if cluster.Port, err = o.IntOr("service_port", 1, 65535, DefaultPort); err != nil {
		return nil, err
	}
	path, err := o.Required("path")
	if err != nil {
		return nil, err
	}
	if path[0] != '/' {
		return nil, o.FieldError("path", "must begin with /")
	}
	duration, err := o.IntOr("jwks_cache_duration", 1, 7*86400, DefaultDuration)
	if err != nil {
		return nil, err
	}
	timeout, err := o.IntOr("jwks_fetch_timeout", 1, 60_000, DefaultTimeout)
	if err != nil {
		return nil, err
	}
	refetch, err := o.IntOr("jwks_refetch_interval", 1, 86400, DefaultRefetch)
	if err != nil {
		return nil, err
	}
	s := &Source{place: o.Path(), client: wrapper.NewClusterClient(cluster), path: path, timeout: uint32(timeout),
		duration: duration, refetch: refetch,
		clock: func() int64 { return time.Now().Unix() }}
	wrapper.RegisterTickFunc(tickPeriod, s.tick)
	return s, nil
}
