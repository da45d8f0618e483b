package consumers

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// DefaultRealm is the realm of WWW-Authenticate where none is configured.
const DefaultRealm = "MSE Gateway"

// List reads a list of callers that must be there and not be empty; a single object is a list of one.
func List(o field.Object, key string) ([]field.Object, error) {
	if !o.JSON().Get(key).Exists() {
		return nil, errors.New(o.Place(key) + " is required")
	}
	list, _, err := o.Objects(key)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errors.New(o.Place(key) + " cannot be empty")
	}
	return list, nil
}

// Name reads a caller's name, which must be there and fit into a header. It is a Scalar.
func Name(consumer field.Object) (string, error) { return name(consumer, Scalar) }

// TextName is Name for plugins whose other fields of a caller are read with Text.
func TextName(consumer field.Object) (string, error) { return name(consumer, Text) }

func name(consumer field.Object, read func(field.Object, string) (string, bool, error)) (string, error) {
	name, _, err := read(consumer, "name")
	if err != nil {
		return "", err
	}
	if name == "" {
		return "", consumer.FieldError("name", "consumer name is required")
	}
	return name, FitsHeader(consumer, "name", name)
}

// Realm reads the realm of WWW-Authenticate.
func Realm(o field.Object) (string, error) {
	realm, set, err := Text(o, "realm")
	if err != nil {
		return "", err
	}
	if !set {
		return DefaultRealm, nil
	}
	return realm, FitsHeader(o, "realm", realm)
}

// FitsHeader refuses a field's value that no header can carry.
func FitsHeader(o field.Object, key, value string) error {
	if !httpheader.IsValue(value) {
		return o.FieldError(key, "must not hold control characters")
	}
	return nil
}

// Scalar reads a string; a number or a boolean is its text, as in the Go plugins of Higress. set is false where the field
// is absent or null.
func Scalar(o field.Object, key string) (value string, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return "", false, nil
	}
	if !isScalar(v) {
		return "", false, o.FieldError(key, "must be a string")
	}
	return v.String(), true, nil
}

// Text reads a string; an unsigned integer is its text, as in the C++ plugins of Higress. set is false where the field is
// absent or null.
func Text(o field.Object, key string) (value string, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return "", false, nil
	}
	if !IsText(v) {
		return "", false, o.FieldError(key, "must be a string")
	}
	return v.String(), true, nil
}

// IsText tells whether a value is what Text reads.
func IsText(v gjson.Result) bool { return v.Type == gjson.String || isDigits(v.Raw) }

// RequiredText reads a Text that must be there and not be empty.
func RequiredText(o field.Object, key string) (string, error) {
	text, set, err := Text(o, key)
	if err != nil {
		return "", err
	}
	if !set {
		return "", o.FieldError(key, "is required")
	}
	if text == "" {
		return "", o.FieldError(key, "must not be empty")
	}
	return text, nil
}

// Scalars reads a list of what Scalar reads; a single one is a list of one. Items may be empty strings. A field that is
// null is an empty list that is set.
func Scalars(o field.Object, key string) (values []string, set bool, err error) {
	v := o.JSON().Get(key)
	if !v.Exists() {
		return nil, false, nil
	}
	if !v.IsArray() {
		value, there, err := Scalar(o, key)
		if there {
			values = []string{value}
		}
		return values, true, err
	}
	for i, item := range v.Array() {
		if !isScalar(item) {
			return nil, true, o.FieldError(field.Item(key, i), "must be a string")
		}
		values = append(values, item.String())
	}
	return values, true, nil
}

func isScalar(v gjson.Result) bool { return v.Type != gjson.JSON && v.Type != gjson.Null }

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
