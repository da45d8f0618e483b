// Package field reads a plugin's configuration. It knows where in the configuration a value stands, so that every
// plugin says the same about the same mistake: "consumers[2].credential: must not be empty".
package field

import (
	"errors"
	"strconv"

	"github.com/tidwall/gjson"
)

// Object is a JSON object and its place in the configuration. The zero Object has no fields.
type Object struct {
	json gjson.Result
	path string // "" for the configuration itself, else "consumers[2]"
}

// Of is the configuration itself.
func Of(json gjson.Result) Object { return Object{json: json} }

// JSON returns the object as it was read.
func (o Object) JSON() gjson.Result { return o.json }

// Path is the object's place: "consumers[2]"; "" for the configuration itself.
func (o Object) Path() string { return o.path }

// Get returns a field as it was read. A field that is null counts as absent.
func (o Object) Get(key string) gjson.Result {
	v := o.json.Get(key)
	if v.Type == gjson.Null {
		return gjson.Result{}
	}
	return v
}

// Has tells whether the field is there and not null.
func (o Object) Has(key string) bool { return o.Get(key).Exists() }

// Error is a load error about the object itself.
func (o Object) Error(problem string) error {
	if o.path == "" {
		return errors.New(problem)
	}
	return errors.New(o.path + ": " + problem)
}

// FieldError is a load error about one field: "consumers[2].credential: must not be empty".
func (o Object) FieldError(key, problem string) error {
	return errors.New(o.Place(key) + ": " + problem)
}

// Place is the path of a field of this object: "consumers[2].credential".
func (o Object) Place(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// Bool reads a switch: true, false, "true", "false", 1 or 0. set is false where the field is absent or null.
func (o Object) Bool(key string) (value, set bool, err error) {
	v := o.Get(key)
	switch v.Raw {
	case "":
		return false, false, nil
	case "true", `"true"`, "1":
		return true, true, nil
	case "false", `"false"`, "0":
		return false, true, nil
	}
	return false, false, o.FieldError(key, "must be true or false, not "+v.Raw)
}

// String reads a string. set is false where the field is absent or null; an empty string is set.
func (o Object) String(key string) (value string, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return "", false, nil
	}
	if v.Type != gjson.String {
		return "", false, o.FieldError(key, "must be a string")
	}
	return v.String(), true, nil
}

// Required reads a string that must be there and not be empty.
func (o Object) Required(key string) (string, error) {
	value, set, err := o.String(key)
	if err != nil {
		return "", err
	}
	if !set {
		return "", o.FieldError(key, "is required")
	}
	if value == "" {
		return "", o.FieldError(key, "must not be empty")
	}
	return value, nil
}

// Int reads a whole number between low and high, both included; a string of digits will do. set is false where the
// field is absent or null.
func (o Object) Int(key string, low, high int64) (value int64, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return 0, false, nil
	}
	text := v.Raw
	if v.Type == gjson.String {
		text = v.Str
	}
	value, err = strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, false, o.FieldError(key, "must be a whole number, not "+v.Raw)
	}
	if value < low || value > high {
		return 0, false, o.FieldError(key, "must be between "+strconv.FormatInt(low, 10)+" and "+
			strconv.FormatInt(high, 10)+", not "+text)
	}
	return value, true, nil
}

// IntOr is Int with a default, which is taken where the field is absent or null.
func (o Object) IntOr(key string, low, high, otherwise int64) (int64, error) {
	value, set, err := o.Int(key, low, high)
	if err == nil && !set {
		return otherwise, nil
	}
	return value, err
}

// PositiveOr reads a whole number up to high with a default, which is taken where the field is absent, null or 0.
func (o Object) PositiveOr(key string, high, otherwise int64) (int64, error) {
	value, _, err := o.Int(key, 0, high)
	if err == nil && value == 0 {
		return otherwise, nil
	}
	return value, err
}

// StringOr reads a string with a default, which is taken where the field is absent, null or empty.
func (o Object) StringOr(key, otherwise string) (string, error) {
	value, _, err := o.String(key)
	if err == nil && value == "" {
		return otherwise, nil
	}
	return value, err
}

// Enum reads a string that is one of the given ones; it returns "" where the field is absent or null.
func (o Object) Enum(key string, options ...string) (string, error) {
	value, set, err := o.String(key)
	if err != nil || !set {
		return "", err
	}
	list := ""
	for i, option := range options {
		if value == option {
			return value, nil
		}
		if i > 0 {
			list += ", "
		}
		list += option
	}
	return "", o.FieldError(key, "must be one of "+list+", not "+strconv.Quote(value))
}

// Strings reads a list of strings; a single string is a list of one. No item may be empty. set is false where the
// field is absent or null.
func (o Object) Strings(key string) (values []string, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return nil, false, nil
	}
	items := []gjson.Result{v}
	if v.IsArray() {
		items = v.Array()
	} else if v.Type != gjson.String {
		return nil, false, o.FieldError(key, "must be a list of strings")
	}
	values = make([]string, len(items))
	for i, item := range items {
		place := key
		if v.IsArray() {
			place = Item(key, i)
		}
		if item.Type != gjson.String {
			return nil, false, o.FieldError(place, "must be a string")
		}
		if item.Str == "" {
			return nil, false, o.FieldError(place, "must not be empty")
		}
		values[i] = item.Str
	}
	return values, true, nil
}

// Object reads a nested object. set is false where the field is absent or null.
func (o Object) Object(key string) (object Object, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return Object{}, false, nil
	}
	if !v.IsObject() {
		return Object{}, false, o.FieldError(key, "must be an object")
	}
	return Object{v, o.Place(key)}, true, nil
}

// Objects reads a list of objects; a single object is a list of one. set is false where the field is absent or null.
func (o Object) Objects(key string) (objects []Object, set bool, err error) {
	v := o.Get(key)
	if !v.Exists() {
		return nil, false, nil
	}
	if v.IsObject() {
		return []Object{{v, o.Place(key)}}, true, nil
	}
	if !v.IsArray() {
		return nil, false, o.FieldError(key, "must be a list of objects")
	}
	for i, item := range v.Array() {
		if !item.IsObject() {
			return nil, false, o.FieldError(Item(key, i), "must be an object")
		}
		objects = append(objects, Object{item, o.Place(Item(key, i))})
	}
	return objects, true, nil
}

// Item is the place of a list's item: "consumers[2]".
func Item(key string, index int) string { return key + "[" + strconv.Itoa(index) + "]" }
