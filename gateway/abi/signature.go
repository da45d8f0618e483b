package abi

import (
	"strings"

	"github.com/tetratelabs/wazero/api"
)

// signature is a function type: one letter a parameter (i for i32, I for i64), then ">i" if there is an i32 result.
type signature string

func (s signature) types() (params, results []api.ValueType) {
	before, after, _ := strings.Cut(string(s), ">")
	return valueTypes(before), valueTypes(after)
}

func valueTypes(letters string) []api.ValueType {
	types := make([]api.ValueType, len(letters))
	for i, letter := range letters {
		types[i] = api.ValueTypeI32
		if letter == 'I' {
			types[i] = api.ValueTypeI64
		}
	}
	return types
}

// describe renders a function type for error messages, such as "(i32, i64) -> (i32)".
func describe(params, results []api.ValueType) string {
	list := func(types []api.ValueType) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = api.ValueTypeName(t)
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return list(params) + " -> " + list(results)
}

// String renders the signature for error messages.
func (s signature) String() string { return describe(s.types()) }

// matches reports whether the function has this type.
func (s signature) matches(f api.FunctionDefinition) bool {
	return s.String() == describe(f.ParamTypes(), f.ResultTypes())
}
