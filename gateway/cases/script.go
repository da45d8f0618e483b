package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/cases/expr"
)

// script is a file before its expressions are computed. They are so when a case runs, for each request anew.
type script struct {
	path string
	tree map[string]any
	keys map[string]*expr.Key
}

// newScript returns nil for a file without expressions.
func newScript(path string, data []byte) (*script, []error) {
	s := &script{path: path, keys: map[string]*expr.Key{}}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if decoder.Decode(&s.tree) != nil {
		return nil, nil // no object: decode tells what is wrong
	}
	var problems []error
	keys, _ := s.tree["keys"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		var d expr.KeyDefinition
		err := decodeTree(keys[name], &d)
		if err == nil {
			s.keys[name], err = expr.NewKey(name, d)
		}
		if err == nil && !expr.IsName(name) {
			err = errors.New("must have a name of letters, digits and underscores that is no function")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("keys.%s: %w", name, err))
		}
	}
	return s, problems
}

// fileScope holds the values of the file.
func (s *script) fileScope() *scope {
	trees, _ := s.tree["values"].(map[string]any)
	file := newScope(nil, trees)
	file.keys = s.keys
	return file
}

// caseScope holds the values of a case, and those that its responses will bring.
func (s *script) caseScope(index int) *scope {
	tree := s.caseTree(index)
	trees, _ := tree["values"].(map[string]any)
	c := newScope(s.fileScope(), trees)
	for _, step := range stepTrees(tree) {
		for _, name := range captured(step) {
			c.pending[name] = true
		}
	}
	return c
}

func (s *script) caseTree(index int) map[string]any {
	list, _ := s.tree["cases"].([]any)
	if index >= len(list) {
		return nil
	}
	tree, _ := list[index].(map[string]any)
	return tree
}

// stepTrees are the steps of a case: its list, or the case itself if it has the fields of one step.
func stepTrees(tree map[string]any) []map[string]any {
	list, ok := tree["steps"].([]any)
	if !ok {
		return []map[string]any{tree}
	}
	steps := make([]map[string]any, len(list))
	for i, item := range list {
		steps[i], _ = item.(map[string]any)
	}
	return steps
}

// captured are the names that a step captures.
func captured(step map[string]any) []string {
	capture, _ := step["capture"].(map[string]any)
	return slices.Sorted(maps.Keys(capture))
}

// stepScope holds the values of a step, computed for each request.
func stepScope(parent *scope, step map[string]any, inline bool) *scope {
	if inline {
		return newScope(parent, nil) // its values are the case's
	}
	trees, _ := step["values"].(map[string]any)
	return newScope(parent, trees)
}

// upstreamFields are those that tell what services answer. They may use what a later response will bring.
var upstreamFields = []string{"services", "backend"}

// exchangeFields are the fields of a step.
var exchangeFields = jsonNames(reflect.TypeFor[Exchange]())

func jsonNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// expandCase computes a case but for its steps. inline is the scope of its own request, if it has one.
func expandCase(x *expander, tree map[string]any, path string, inline *scope) map[string]any {
	own := x.scope
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		switch {
		case key == "steps":
			continue
		case key == "values":
			out[key] = tree[key]
			continue
		case slices.Contains(exchangeFields, key) && !slices.Contains(upstreamFields, key):
			x.scope = inline
		}
		out[key] = x.expand(tree[key], join(path, key), slices.Contains(typedFields, key))
		x.scope = own
	}
	return out
}

func expandStep(x *expander, step map[string]any, path string) map[string]any {
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(step)) {
		if key == "values" {
			out[key] = step[key]
			continue
		}
		out[key] = x.expand(step[key], join(path, key), slices.Contains(typedFields, key))
	}
	return out
}

// fileFields returns the fields beside the cases, expanded.
func (s *script) fileFields(x *expander) map[string]any {
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(s.tree)) {
		switch key {
		case "cases":
		case "keys", "values":
			out[key] = s.tree[key]
		default:
			out[key] = x.expand(s.tree[key], key, false)
		}
	}
	return out
}

// trial computes everything as far as it can be without running, so that the file can be checked.
func (s *script) trial() (map[string]any, []error) {
	file := s.fileScope()
	problems := file.check("values")
	x := &expander{scope: file}
	out := s.fileFields(x)
	problems = append(problems, x.problems...)
	list, ok := s.tree["cases"].([]any)
	if !ok {
		return s.tree, problems // which decode refuses
	}
	cases := make([]any, len(list))
	for i := range list {
		if s.caseTree(i) == nil {
			cases[i] = list[i]
			continue
		}
		tree, failures := s.trialCase(i)
		cases[i] = tree
		problems = append(problems, failures...)
	}
	out["cases"] = cases
	return out, problems
}

func (s *script) trialCase(index int) (map[string]any, []error) {
	tree, path := s.caseTree(index), fmt.Sprintf("cases[%d]", index)
	later := s.caseScope(index) // knows of everything that any step captures
	problems := later.check(path + ".values")
	now := s.caseScope(index)
	now.pending = map[string]bool{}
	x := &expander{scope: now}
	known := maps.Clone(tree)
	for _, field := range upstreamFields {
		delete(known, field)
	}
	out := expandCase(x, known, path, now)
	up := &expander{scope: later}
	for _, field := range upstreamFields {
		if inner, ok := tree[field]; ok {
			out[field] = up.expand(inner, join(path, field), false)
		}
	}
	problems = append(problems, up.problems...)
	steps, _ := tree["steps"].([]any)
	expanded := make([]any, len(steps))
	for j, step := range stepTrees(tree) {
		at, inline := fmt.Sprintf("%s.steps[%d]", path, j), steps == nil
		if inline {
			at = path
		} else {
			own := stepScope(now, step, false)
			problems = append(problems, own.check(at+".values")...)
			x.scope = own
			expanded[j] = expandStep(x, step, at)
			if step == nil {
				expanded[j] = steps[j]
			}
		}
		for _, name := range captured(step) {
			if err := nameProblem(now, name); err != nil {
				problems = append(problems, fmt.Errorf("%s.capture.%s: %w", at, name, err))
			}
			now.pending[name] = true
		}
	}
	if steps != nil {
		out["steps"] = expanded
	}
	return out, append(problems, x.problems...)
}

// evaluate returns the case of an index as it is now, with one of its steps, or none where step is negative.
func (s *script) evaluate(values *scope, index, step int) (*Case, error) {
	tree := s.caseTree(index)
	x := &expander{scope: values}
	file := s.fileFields(x)
	steps := stepTrees(tree)
	_, listed := tree["steps"]
	out := expandCase(x, tree, "", stepScope(values, nil, true))
	if listed {
		out["steps"] = []any{}
		if step >= 0 {
			x.scope = stepScope(values, steps[step], false)
			out["steps"] = []any{expandStep(x, steps[step], "")}
		}
	}
	if err := errors.Join(x.problems...); err != nil {
		return nil, err
	}
	file["cases"] = []any{out}
	delete(file, "keys")
	delete(file, "values")
	data, err := marshal(file)
	if err != nil {
		return nil, err
	}
	f := &File{path: s.path}
	if problems := decode(data, f); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	f.complete()
	c := &checker{dir: filepath.Dir(s.path)}
	c.oneCase("", &f.Cases[0])
	return &f.Cases[0], errors.Join(c.problems...)
}
