package cases

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// matchText compares a text with an expected one that may be a pattern, already known to compile.
func matchText(expected, actual string) bool {
	if expression, ok := strings.CutPrefix(expected, "~"); ok {
		pattern, err := regexp.Compile(expression)
		return err == nil && pattern.MatchString(actual)
	}
	return expected == actual
}

// patternProblem looks for a pattern that does not compile anywhere inside a value.
func patternProblem(value any) string {
	switch v := value.(type) {
	case string:
		if expression, ok := strings.CutPrefix(v, "~"); ok {
			if _, err := regexp.Compile(expression); err != nil {
				return err.Error()
			}
		}
	case []any:
		for _, item := range v {
			if problem := patternProblem(item); problem != "" {
				return problem
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if problem := patternProblem(v[key]); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// mismatch is a difference between two JSON values.
type mismatch struct {
	path             string // such as a.b[0]; empty for the whole
	expected, actual string
}

// jsonPart finds out where expected is not part of actual: objects may have further members, lists must have the same
// length, texts may be patterns, numbers compare by value.
func jsonPart(path string, expected, actual any) []mismatch {
	switch want := expected.(type) {
	case map[string]any:
		got, ok := actual.(map[string]any)
		if !ok {
			break
		}
		var out []mismatch
		for _, key := range slices.Sorted(maps.Keys(want)) {
			at := strings.TrimPrefix(path+"."+key, ".")
			value, there := got[key]
			if !there {
				out = append(out, mismatch{at, compact(want[key]), "absent"})
				continue
			}
			out = append(out, jsonPart(at, want[key], value)...)
		}
		return out
	case []any:
		got, ok := actual.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		var out []mismatch
		for i := range want {
			out = append(out, jsonPart(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])...)
		}
		return out
	case string:
		if got, ok := actual.(string); ok && matchText(want, got) {
			return nil
		}
	case nil:
		if actual == nil {
			return nil
		}
	case bool:
		if got, ok := actual.(bool); ok && got == want {
			return nil
		}
	default:
		if sameNumber(expected, actual) {
			return nil
		}
	}
	return []mismatch{{path, compact(expected), compact(actual)}}
}

// sameNumber compares numbers of any type; two integers exactly.
func sameNumber(a, b any) bool {
	x, ok := numberText(a)
	y, also := numberText(b)
	if !ok || !also {
		return false
	}
	i, err := strconv.ParseInt(x, 10, 64)
	j, failed := strconv.ParseInt(y, 10, 64)
	if err == nil && failed == nil {
		return i == j
	}
	f, err := strconv.ParseFloat(x, 64)
	g, failed := strconv.ParseFloat(y, 64)
	return err == nil && failed == nil && f == g
}

func numberText(v any) (string, bool) {
	switch n := v.(type) {
	case json.Number:
		return n.String(), true
	case float64:
		return strconv.FormatFloat(n, 'g', -1, 64), true
	case int64:
		return strconv.FormatInt(n, 10), true
	case int:
		return strconv.Itoa(n), true
	}
	return "", false
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

// parseJSON keeps numbers as they are written.
func parseJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, fmt.Errorf("more than one JSON value")
	}
	return value, nil
}
