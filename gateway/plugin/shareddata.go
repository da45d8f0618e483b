package plugin

import (
	"sync"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// sharedData is process memory that guests share, one key space per vm id. The zero value is empty.
type sharedData struct {
	mu      sync.Mutex
	spaces  map[string]map[string]sharedValue
	lastCAS uint32
}

type sharedValue struct {
	value []byte // immutable
	cas   uint32
}

func (d *sharedData) get(vmID, key string) ([]byte, uint32, abi.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, found := d.spaces[vmID][key]
	if !found {
		return nil, 0, abi.NotFound
	}
	return v.value, v.cas, abi.OK
}

// set stores value, which it keeps. cas 0 is unconditional; a new key accepts any.
func (d *sharedData) set(vmID, key string, value []byte, cas uint32) abi.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	space := d.spaces[vmID]
	if old, found := space[key]; found && cas != 0 && cas != old.cas {
		return abi.CasMismatch
	}
	if space == nil {
		if d.spaces == nil {
			d.spaces = map[string]map[string]sharedValue{}
		}
		space = map[string]sharedValue{}
		d.spaces[vmID] = space
	}
	if d.lastCAS++; d.lastCAS == 0 {
		d.lastCAS = 1 // 0 is never a value's number
	}
	space[key] = sharedValue{value, d.lastCAS}
	return abi.OK
}

func (d *sharedData) drop(vmID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.spaces, vmID)
}
