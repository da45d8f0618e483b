package route

import (
	"strings"
	"testing"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name       string
		properties map[string]string
		want       string
	}{
		{"as Higress has it", map[string]string{"route_name": "maps", "xds.route_name": "other"}, "maps"},
		{"as stock Envoy has it", map[string]string{"xds.route_name": "maps"}, "maps"},
		{"empty", map[string]string{"route_name": "", "xds.route_name": ""}, ""},
		{"unknown", nil, ""},
	} {
		name := nameIn(func(path []string) ([]byte, error) {
			value, ok := tt.properties[strings.Join(path, ".")]
			if !ok {
				return nil, types.ErrorStatusNotFound
			}
			return []byte(value), nil
		})
		assert.Equal(t, tt.want, name, tt.name)
	}
}
