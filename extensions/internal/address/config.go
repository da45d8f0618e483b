package address

import (
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// defaultHeader is the header of ip_source_type header where ip_header_name is absent or empty.
const defaultHeader = "X-Forwarded-For"

// ParseSource reads ip_source_type and ip_header_name. An unknown type is the peer, with a warning, as it is in the Higress
// plugins.
func ParseSource(o field.Object) (Source, error) {
	name, err := o.StringOr("ip_header_name", defaultHeader)
	if err != nil {
		return Source{}, err
	}
	switch kind := o.Get("ip_source_type").String(); kind {
	case "header":
		return Source{Header: strings.ToLower(name)}, nil
	case "", "origin-source":
	default:
		log.Warn("ip_source_type: origin-source is used instead of " + kind)
	}
	return Source{}, nil
}
