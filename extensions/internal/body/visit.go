package body

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Visit shows every value at path, those of repeated members too, in the order of the text. json must be valid. The values
// share json.
func Visit(json string, path Path, visit func(gjson.Result)) { each(gjson.Parse(json), path, visit) }

// Boundary is the boundary of a multipart content type; "" if it has none.
func Boundary(contentType string) string {
	_, parameters, _ := strings.Cut(contentType, ";")
	boundary, _ := parameter(parameters, "boundary")
	return boundary
}

// FieldName is the name that the head of a part of a multipart/form-data body gives to a field. ok is false for parts with
// a file name, and for those without a name.
func FieldName(head string) (name string, ok bool) { return fieldName(head) }
