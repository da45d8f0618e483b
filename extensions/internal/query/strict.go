package query

import (
	"iter"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
)

// Strict yields the parameters of a path's query, decoded as forms are, in their order. Pairs with a malformed escape or a
// semicolon, and empty ones, are left out, as Go's net/url does; what it does not take for a URL has parameters, too, see IsURL.
func Strict(path string) iter.Seq[[2]string] {
	return func(yield func([2]string) bool) {
		text, _ := Of(path)
		for pair := range Pairs(text) {
			if pair == (Pair{}) || strings.IndexByte(pair.Name, ';') >= 0 || strings.IndexByte(pair.Value, ';') >= 0 {
				continue
			}
			name, okName := Form(pair.Name)
			value, okValue := Form(pair.Value)
			if okName && okValue && !yield([2]string{name, value}) {
				return
			}
		}
	}
}

// IsURL tells whether a path, its query aside, is that of a URL: it is not empty, has no control characters, its query
// included, and no malformed escapes.
func IsURL(path string) bool {
	bare, _, _ := strings.Cut(path, "?")
	bare, _, _ = strings.Cut(bare, "#")
	_, ok := Percent(bare)
	return ok && path != "" && !httpheader.HasControl(path)
}
