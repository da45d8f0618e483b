package model

import "github.com/wasmplane/wasmplane/extensions/internal/body"

// Form is a multipart/form-data body that is there as a whole. It shares the body's text.
type Form struct {
	fields body.Fields
	field  string
	values []string
}

// ParseForm reads a body. field is the name of the field that has the model's name; parts with a file name are none. A body
// that is not complete, or not well-formed, is an error.
func ParseForm(text, contentType, field string) (*Form, error) {
	fields, err := body.ParseMultipart(text, contentType)
	if err != nil {
		return nil, err
	}
	values, err := fields.Values(field)
	if err != nil {
		return nil, err
	}
	return &Form{fields, field, values}, nil
}

// First is the name in the first field; "" if there is none.
func (f *Form) First() string {
	if len(f.values) == 0 {
		return ""
	}
	return f.values[0]
}

// Last is the name in the last field; "" if there is none.
func (f *Form) Last() string {
	if len(f.values) == 0 {
		return ""
	}
	return f.values[len(f.values)-1]
}

// Disputed tells whether the fields differ.
func (f *Form) Disputed() bool {
	for _, value := range f.values {
		if value != f.values[0] {
			return true
		}
	}
	return false
}

// Other is the last value of another field; "" if there is none.
func (f *Form) Other(name string) string {
	values, err := f.fields.Values(name)
	if err != nil || len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// Set returns the body with the name in all the fields, or with a new field at its end if it has none; nil if that changes
// nothing. All other bytes stay.
func (f *Form) Set(name string) ([]byte, error) {
	names := make([]string, max(1, len(f.values)))
	same := len(f.values) > 0
	for i := range names {
		names[i] = name
		same = same && f.values[i] == name
	}
	if same {
		return nil, nil
	}
	return f.fields.Edit(map[string][]string{f.field: names})
}
