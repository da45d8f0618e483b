package model

import (
	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

const defaultBody = 100 << 20

// KeyOf reads modelKey: where the name is. A value of any kind counts as its text.
func KeyOf(o field.Object) string {
	if key := o.Get("modelKey").String(); key != "" {
		return key
	}
	return DefaultKey
}

// MaxBody reads maxBodyBytes: how many bytes a body may have that is read as a whole.
func MaxBody(o field.Object) (uint32, error) {
	limit, err := o.IntOr("maxBodyBytes", 1, body.MostBytes, defaultBody)
	return uint32(limit), err
}
