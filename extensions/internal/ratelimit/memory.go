package ratelimit

import (
	"errors"
	"math"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"
)

// memory is what the workers of one gateway share.
type memory interface {
	// get returns a value and its version, nil and noVersion where there is none.
	get(key string) (value []byte, version uint32, err error)
	// set stores a value if the stored one still has that version, else it returns errConflict.
	set(key string, value []byte, version uint32) error
}

// noVersion is the version of a value that is not there. Hosts take any version for a new key, and this one is no
// existing value's. Version 0 would overwrite whatever another worker has just written.
const noVersion = math.MaxUint32

var errConflict = errors.New("the value was changed meanwhile")

// sharedData is the host's shared data.
type sharedData struct{}

func (sharedData) get(key string) ([]byte, uint32, error) {
	value, version, err := proxywasm.GetSharedData(key)
	if errors.Is(err, types.ErrorStatusNotFound) {
		return nil, noVersion, nil
	}
	return value, version, err
}

func (sharedData) set(key string, value []byte, version uint32) error {
	err := proxywasm.SetSharedData(key, value, version)
	if errors.Is(err, types.ErrorStatusCasMismatch) {
		return errConflict
	}
	return err
}
