package body

import "github.com/tidwall/gjson"

// VisitFolded shows every value at path, those of repeated members too, and of names that differ in case, which Go's
// encoding/json, for one, takes for the same. It follows the order of the text; exact tells whether the names are those of
// the path. json must be valid. The values share json.
func VisitFolded(json string, path Path, visit func(value gjson.Result, exact bool)) {
	each(gjson.Parse(json), path, true, true, visit)
}
