// Package shareddata is the host's shared data: values that the workers of one gateway process have in common, changed by
// compare-and-swap.
package shareddata

import (
	"errors"
	"math"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

// Memory is what the workers of one gateway share.
type Memory interface {
	// Get returns a value and its version, nil and NoVersion where there is none.
	Get(key string) (value []byte, version uint32, err error)
	// Set stores a value if the stored one still has that version, else it returns ErrConflict.
	Set(key string, value []byte, version uint32) error
}

// NoVersion is the version of a value that is not there. Hosts take any version for a new key, and this one is no
// existing value's: 0, which hosts take for "whatever there is", would overwrite what another worker has just written.
const NoVersion = math.MaxUint32

// ErrConflict says that another worker was faster.
var ErrConflict = errors.New("the value was changed meanwhile")

// Host is the Memory of the host that runs the plugin.
type Host struct{}

// Get implements Memory.
func (Host) Get(key string) ([]byte, uint32, error) {
	value, version, err := proxywasm.GetSharedData(key)
	if errors.Is(err, types.ErrorStatusNotFound) {
		return nil, NoVersion, nil
	}
	return value, version, err
}

// Set implements Memory.
func (Host) Set(key string, value []byte, version uint32) error {
	err := proxywasm.SetSharedData(key, value, version)
	if errors.Is(err, types.ErrorStatusCasMismatch) {
		return ErrConflict
	}
	return err
}
