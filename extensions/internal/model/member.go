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
	Disputed bool         // there are others that differ from it, maybe of members whose names differ in case
	Folded   bool         // there are members whose names differ in case
	json     string
	path     body.Path
	places   int // how many values there are
}

// maxPlaces is how many repeated members are rewritten; what it takes to note their places is to stay small.
const maxPlaces = 100

// Find looks into a body, which must be valid JSON. Names that differ in case only are other members for most readers, and
// the same for some, such as Go's encoding/json: their values do not count, but dispute the one that does, or that there is
// none.
func (m Member) Find(json string) Naming {
	f := Naming{json: json, path: m.path}
	var first gjson.Result
	body.VisitFolded(json, m.path, func(value gjson.Result, exact bool) {
		if f.places++; f.places == 1 {
			first = value
		}
		f.Disputed = f.Disputed || !same(first, value)
		f.Folded = f.Folded || !exact
		if exact {
			f.Value = value
		}
	})
	if f.places > 0 && len(m.path) > 1 { // the last value need not be that of the last object
		f.Value = body.Last(json, m.path)
	}
	f.Disputed = f.Disputed || f.places > 0 && !same(first, f.Value)
	return f
}

func same(a, b gjson.Result) bool { return a.Type == b.Type && a.String() == b.String() }

var (
	errNoObject = errors.New("the place of the model is not in an object")
	errFolded   = errors.New("too many members have the model's name in other letters")
)

// Set returns the body with the name at all places of the member, of which only the last stays if there are more than a
// hundred; members whose names differ in case get it too. It adds the member, and the objects on the way to it, where there
// is none. All other bytes stay. A value on the way that is no object is an error, and so are over a hundred members some of
// which differ in case.
func (f *Naming) Set(name string) ([]byte, error) {
	quoted := body.Quote(name)
	json := f.json
	switch {
	case f.places <= maxPlaces && f.places > 0:
		json = body.ReplaceFolded(json, f.path, quoted)
	case f.Folded:
		return nil, errFolded
	}
	if f.Value.Exists() && f.places <= maxPlaces {
		return bytesOf(json), nil
	}
	if err := f.reachable(); err != nil {
		return nil, err
	}
	document := body.NewDocument(bytesOf(json))
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
