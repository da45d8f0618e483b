package plugintest

import (
	"bytes"

	"github.com/wasmplane/wasmplane/extensions/internal/shareddata"
)

// Memory is a shareddata.Memory as hosts have it: a version from one counter with each write, any version for a new key.
// Tests may change what it holds. It is not safe for concurrent use.
type Memory struct {
	Values   map[string][]byte
	Versions map[string]uint32
	Counter  uint32 // the version of the last write

	BeforeSet func(key string) // runs before each write, as another worker does; may be nil
	Failing   error            // of every read, if there is one
}

// NewMemory makes a memory that is empty.
func NewMemory() *Memory {
	return &Memory{Values: map[string][]byte{}, Versions: map[string]uint32{}}
}

// Get implements shareddata.Memory.
func (m *Memory) Get(key string) ([]byte, uint32, error) {
	if m.Failing != nil {
		return nil, 0, m.Failing
	}
	value, there := m.Values[key]
	if !there {
		return nil, shareddata.NoVersion, nil
	}
	return value, m.Versions[key], nil
}

// Set implements shareddata.Memory.
func (m *Memory) Set(key string, value []byte, version uint32) error {
	if before := m.BeforeSet; before != nil {
		before(key)
	}
	if _, there := m.Values[key]; there && m.Versions[key] != version {
		return shareddata.ErrConflict
	}
	m.Counter++
	m.Values[key], m.Versions[key] = bytes.Clone(value), m.Counter
	return nil
}
