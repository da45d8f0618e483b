package cases

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/wasmplane/wasmplane/gateway/cases/expr"
)

// expander computes the expressions in the texts of a tree.
type expander struct {
	scope *scope
	// bytes lets texts be any bytes. Otherwise only bodies may be, which then become their base64 form.
	bytes    bool
	problems []error
	unknown  *expr.Unknown // a value that was needed and is not known yet
}

// typedFields are those under which an expression alone stands for its value: an integer stays one.
var typedFields = []string{"config", "defaultConfig", "bodyJSON", "reply", "accessLog"}

// encodedFields are the fields for bytes, by the fields for text.
var encodedFields = map[string]string{"body": "bodyBase64", "data": "dataBase64"}

var errBytes = errors.New("these bytes are no text (UTF-8): use base64 or hex")

// expand returns the tree with all expressions computed. Where one cannot be, its text stays and the problem is noted.
func (x *expander) expand(tree any, path string, typed bool) any {
	switch v := tree.(type) {
	case string:
		value := x.text(v, path, typed)
		if text, ok := value.(string); ok && !x.bytes && !utf8.ValidString(text) {
			x.fail(path, errBytes)
			return v
		}
		return value
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = x.expand(item, fmt.Sprintf("%s[%d]", path, i), typed)
		}
		return out
	case map[string]any:
		return x.object(v, path, typed)
	}
	return tree
}

func (x *expander) object(object map[string]any, path string, typed bool) map[string]any {
	out := make(map[string]any, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		at := join(path, key)
		if text, ok := object[key].(string); ok && !typed && !x.bytes && encodedFields[key] != "" {
			value, _ := x.text(text, at, false).(string)
			if utf8.ValidString(value) {
				out[key] = value
				continue
			}
			out[encodedFields[key]] = base64.StdEncoding.EncodeToString([]byte(value))
			continue
		}
		out[key] = x.expand(object[key], at, typed || slices.Contains(typedFields, key))
	}
	return out
}

func (x *expander) text(text, path string, typed bool) any {
	if !expr.Has(text) {
		return text
	}
	t, err := expr.Parse(text)
	if err != nil {
		return x.fail(path, err)
	}
	value, err := t.Evaluate(x.scope)
	if err != nil {
		return x.fail(path, err)
	}
	if unknown, ok := value.(expr.Unknown); ok {
		x.unknown = &unknown
	}
	if typed {
		value, err = expr.Plain(value)
	} else {
		value, err = expr.Text(value)
	}
	if err != nil {
		return x.fail(path, err)
	}
	return value
}

// fail notes a problem and returns what stands in for the value.
func (x *expander) fail(path string, err error) any {
	if path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	x.problems = append(x.problems, err)
	return ""
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
