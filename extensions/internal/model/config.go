package model

import "github.com/wasmplane/wasmplane/extensions/internal/field"

const (
	defaultBody = 100 << 20
	mostBody    = 1 << 30 // a guest has no more
)

// KeyOf reads modelKey: where the name is. A value of any kind counts as its text.
func KeyOf(o field.Object) string {
	if key := o.Get("modelKey").String(); key != "" {
		return key
	}
	return DefaultKey
}

// MaxBody reads maxBodyBytes: how many bytes a body may have that is read as a whole.
func MaxBody(o field.Object) (uint32, error) {
	limit, set, err := o.Int("maxBodyBytes", 1, mostBody)
	if !set {
		limit = defaultBody
	}
	return uint32(limit), err
}

// RebuildMemory is the size of a guest, in bytes, from which it asks for a fresh VM: its memory never shrinks.
const RebuildMemory = 200 << 20
