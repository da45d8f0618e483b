package httpheader

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWriter(t *testing.T) {
	refused := errors.New("refused")
	for _, tt := range []struct {
		name   string
		values []string
		refuse string
		calls  []string
	}{
		{"no value", nil, "", []string{"remove a"}},
		{"one", []string{"1"}, "", []string{"replace a: 1"}},
		{"an empty one", []string{""}, "", []string{"replace a: "}},
		{"several", []string{"1", "2", "3"}, "", []string{"replace a: 1", "add a: 2", "add a: 3"}},
		{"a host that refuses the first", []string{"1", "2"}, "replace a: 1", []string{"replace a: 1"}},
		{"a host that refuses another", []string{"1", "2", "3"}, "add a: 2", []string{"replace a: 1", "add a: 2"}},
		{"a host that removes nothing", nil, "remove a", []string{"remove a"}},
	} {
		var calls []string
		call := func(text string) error {
			if calls = append(calls, text); text == tt.refuse {
				return refused
			}
			return nil
		}
		w := Writer{
			Remove:  func(name string) error { return call("remove " + name) },
			Replace: func(name, value string) error { return call("replace " + name + ": " + value) },
			Add:     func(name, value string) error { return call("add " + name + ": " + value) },
		}
		err := w.Set("a", tt.values)
		assert.Equal(t, tt.calls, calls, tt.name)
		assert.Equal(t, tt.refuse != "", errors.Is(err, refused), tt.name)
	}
}
