package model

import (
	"github.com/wasmplane/wasmplane/extensions/internal/body"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// Kind is how a body names a model.
type Kind uint8

const (
	Unknown   Kind = iota // it has a type that names none
	Untyped               // there is no content type
	JSON                  // a member
	Multipart             // a field of a form (multipart/form-data)
)

// KindOf reads the content type of a request. headers are all its headers with lower-case names. Two types that differ are
// Unknown: a backend may go by either.
func KindOf(headers [][2]string) (kind Kind, contentType string) {
	contentType = httpheader.First(headers, "content-type")
	for i := range headers {
		if headers[i][0] == "content-type" && headers[i][1] != contentType {
			return Unknown, contentType
		}
	}
	switch {
	case contentType == "":
		return Untyped, ""
	case body.IsJSON(contentType):
		return JSON, contentType
	case body.MediaType(contentType) == "multipart/form-data" && body.Boundary(contentType) != "":
		return Multipart, contentType
	}
	return Unknown, contentType
}
