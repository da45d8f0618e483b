package model

import (
	"errors"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/body"
)

// DefaultKey is the member or form field that has the model's name.
const DefaultKey = "model"

// Member is the place of the model in JSON bodies. It may be shared.
type Member struct{ path body.Path }

// NewMember reads a path: names joined by dots, a backslash before a dot that belongs to a name.
func NewMember(key string) Member { return Member{body.ParsePath(key)} }

// Naming is what a JSON body has at the place. It shares the body.
type Naming struct {
	Value    gjson.Result // the one that counts; it does not exist if there is none
	Disputed bool         // there are others that differ from it
	json     string
	path     body.Path
	places   int // how many values there are
}

// maxPlaces is how many repeated members are rewritten; what it takes to note their places is to stay small.
const maxPlaces = 100

// Find looks into a body, which must be valid JSON.
func (m Member) Find(json string) Naming {
	f := Naming{json: json, path: m.path}
	var first gjson.Result
	body.Visit(json, m.path, func(value gjson.Result) {
		if f.places++; f.places == 1 {
			first = value
		}
		f.Disputed = f.Disputed || !same(first, value)
		f.Value = value
	})
	if f.places > 0 && len(m.path) > 1 { // the last value need not be that of the last object
		f.Value = body.Last(json, m.path)
		f.Disputed = f.Disputed || !same(first, f.Value)
	}
	return f
}

func same(a, b gjson.Result) bool { return a.Type == b.Type && a.String() == b.String() }

var errNoObject = errors.New("the place of the model is not in an object")

// Set returns the body with the name at all places of the member, of which only the last stays if there are more than a
// hundred. It adds the member, and the objects on the way to it, where there is none. All other bytes stay. A value on the
// way that is no object is an error.
func (f *Naming) Set(name string) ([]byte, error) {
	quoted := body.Quote(name)
	if f.Value.Exists() && f.places <= maxPlaces {
		return bytesOf(body.Replace(f.json, f.path, quoted)), nil
	}
	if err := f.reachable(); err != nil {
		return nil, err
	}
	document := body.NewDocument(bytesOf(f.json))
	place := body.ParsePlace(f.path.String())
	if err := document.Set(&place, quoted); err != nil {
		return nil, err
	}
	return document.Bytes(), nil
}

// reachable tells whether all that is on the way to the member is an object, or missing.
func (f *Naming) reachable() error {
	for i := range f.path {
		above := body.Last(f.json, f.path[:i])
		if i > 0 && (!above.Exists() || above.Type == gjson.Null) {
			break
		}
		if !above.IsObject() {
			return errNoObject
		}
	}
	return nil
}
