package cases

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wasmplane/wasmplane/gateway/cases/expr"
)

// scope holds the named values that expressions may use: those of the file, below them those of a case, below them those
// of a step. A value is computed when it is first asked for, and kept. It is used by one goroutine at a time.
type scope struct {
	parent  *scope
	now     time.Time
	keys    map[string]*expr.Key
	trees   map[string]any // definitions
	known   map[string]any // computed or captured
	pending map[string]bool
	asking  map[string]bool // being computed: a value must not need itself
}

func newScope(parent *scope, trees map[string]any) *scope {
	return &scope{parent: parent, now: time.Now(), trees: trees, known: map[string]any{}, pending: map[string]bool{}, asking: map[string]bool{}}
}

// Now implements expr.Scope.
func (s *scope) Now() time.Time { return s.now }

// Lookup implements expr.Scope. A value that a response will bring is Unknown until then.
func (s *scope) Lookup(name string) (any, error) {
	if s == nil {
		return nil, fmt.Errorf("there is no value named %s", name)
	}
	if key, ok := s.keys[name]; ok {
		return key, nil
	}
	if value, ok := s.known[name]; ok {
		return value, nil
	}
	if tree, ok := s.trees[name]; ok {
		return s.compute(name, tree)
	}
	if s.pending[name] {
		return expr.Unknown{Name: name}, nil
	}
	return s.parent.Lookup(name)
}

func (s *scope) compute(name string, tree any) (any, error) {
	if s.asking[name] {
		return nil, fmt.Errorf("the value %s needs itself", name)
	}
	s.asking[name] = true
	defer delete(s.asking, name)
	value, err := s.define(tree)
	if err != nil {
		return nil, fmt.Errorf("value %s: %w", name, err)
	}
	s.known[name] = value
	return value, nil
}

// define computes a value from its definition: a text, an integer, or an object that names a way to make one.
func (s *scope) define(tree any) (any, error) {
	object, ok := tree.(map[string]any)
	if !ok {
		if text, ok := tree.(string); ok {
			t, err := expr.Parse(text)
			if err != nil {
				return nil, err
			}
			return t.Evaluate(s)
		}
		if n, ok := integer(tree); ok {
			return n, nil
		}
		return nil, errDefinition
	}
	if len(object) != 1 {
		return nil, errDefinition
	}
	for kind, inner := range object {
		if make := definitions[kind]; make != nil {
			value, err := make(s, inner)
			var unknown *unknownError
			if errors.As(err, &unknown) {
				return unknown.value, nil
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kind, err)
			}
			return value, nil
		}
	}
	return nil, errDefinition
}

var errDefinition = errors.New("must be a text, an integer, or an object with jwt, json or multipart")

// check computes all definitions, to find what is wrong with them.
func (s *scope) check(path string) []error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(s.trees)) {
		if err := nameProblem(s, name); err != nil {
			problems = append(problems, fmt.Errorf("%s.%s: %w", path, name, err))
			continue
		}
		if _, ok := s.known[name]; ok {
			continue
		}
		if _, err := s.define(s.trees[name]); err != nil {
			problems = append(problems, fmt.Errorf("%s.%s: %w", path, name, err))
		}
	}
	return problems
}

// nameProblem says why a value or capture cannot have a name.
func nameProblem(s *scope, name string) error {
	if !expr.IsName(name) {
		return errors.New("must be a name of letters, digits and underscores that is no function")
	}
	for up := s; up != nil; up = up.parent {
		if _, taken := up.keys[name]; taken {
			return errors.New("is the name of a key")
		}
	}
	return nil
}

// unknownError ends the making of a value that needs one which is not there yet.
type unknownError struct{ value expr.Unknown }

// Error implements error.
func (e *unknownError) Error() string { return e.value.Name + " is not known yet" }
