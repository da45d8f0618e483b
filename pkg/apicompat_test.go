// Package pkg_test proves that a plugin written for wasm-go compiles after changing its import path.
package pkg_test

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"sort"
	"strings"
	"testing"

	_ "github.com/higress-group/wasm-go/pkg/tokenusage" // keeps its dependencies in go.sum
)

const (
	oursPath  = "github.com/wasmplane/wasmplane/pkg/"
	theirPath = "github.com/higress-group/wasm-go/pkg/"
)

// TestExportedAPIMatchesWasmGo compares every exported identifier of wasm-go's packages with ours: kind, type with all
// parameters, exported fields and methods, constant values. Ours may have more; missing or different is an error.
func TestExportedAPIMatchesWasmGo(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the dependencies from source")
	}
	source := importer.ForCompiler(token.NewFileSet(), "source", nil)
	for _, name := range []string{"log", "matcher", "wrapper", "tokenusage", "protos"} {
		t.Run(name, func(t *testing.T) {
			theirs, err := source.Import(theirPath + name)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := source.Import(oursPath + name)
			if err != nil {
				t.Fatal(err)
			}
			if theirs.Name() != ours.Name() {
				t.Errorf("package name: got %s, want %s", ours.Name(), theirs.Name())
			}
			for _, id := range theirs.Scope().Names() {
				compare(t, theirs.Scope().Lookup(id), ours.Scope().Lookup(id))
			}
		})
	}
}

func compare(t *testing.T, theirs, ours types.Object) {
	if !theirs.Exported() {
		return
	}
	if ours == nil {
		t.Errorf("%s: missing", theirs.Name())
		return
	}
	want, got := describe(theirs), describe(ours)
	for line := range want {
		if !got[line] {
			t.Errorf("%s: lacks %s", theirs.Name(), line)
		}
	}
}

// describe returns what a user of the object can rely on, one line a fact.
func describe(o types.Object) map[string]bool {
	facts := map[string]bool{}
	fact := func(format string, args ...any) { facts[fmt.Sprintf(format, args...)] = true }
	switch o := o.(type) {
	case *types.Const:
		fact("const %s = %s", signature(o.Type()), o.Val())
	case *types.Var:
		fact("var %s", signature(o.Type()))
	case *types.Func:
		fact("%s", signature(o.Type()))
	case *types.TypeName:
		describeType(o.Type(), fact)
	}
	return facts
}

func describeType(t types.Type, fact func(string, ...any)) {
	fact("type parameters %s", typeParams(t))
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if f := u.Field(i); f.Exported() {
				fact("field %s %s embedded=%v tag=%q", f.Name(), signature(f.Type()), f.Embedded(), u.Tag(i))
			}
		}
	case *types.Interface:
		// A type that implements theirs must implement ours, and the other way round: the sets must be equal.
		fact("interface %s", signature(u))
	default:
		fact("underlying %s", signature(u))
	}
	methods := types.NewMethodSet(types.NewPointer(t))
	for i := 0; i < methods.Len(); i++ {
		if m := methods.At(i).Obj(); m.Exported() {
			fact("method %s%s", m.Name(), signature(m.Type()))
		}
	}
	values := types.NewMethodSet(t)
	for i := 0; i < values.Len(); i++ {
		if m := values.At(i).Obj(); m.Exported() {
			fact("value method %s", m.Name())
		}
	}
}

func typeParams(t types.Type) string {
	named, ok := t.(*types.Named)
	if !ok {
		return ""
	}
	var all []string
	for i := 0; i < named.TypeParams().Len(); i++ {
		all = append(all, signature(named.TypeParams().At(i).Constraint()))
	}
	return strings.Join(all, ", ")
}

// signature prints a type without parameter names, type parameters by position, our paths as theirs, and unexported
// function types, which users can only pass by shape, as what they are.
func signature(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return signature(types.Unalias(t))
	case *types.TypeParam:
		return fmt.Sprintf("$%d", t.Index())
	case *types.Pointer:
		return "*" + signature(t.Elem())
	case *types.Slice:
		return "[]" + signature(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), signature(t.Elem()))
	case *types.Map:
		return "map[" + signature(t.Key()) + "]" + signature(t.Elem())
	case *types.Signature:
		return functionSignature(t)
	case *types.Interface:
		return interfaceSignature(t)
	case *types.Named:
		return namedSignature(t)
	}
	return t.String()
}

func functionSignature(t *types.Signature) string {
	var text strings.Builder
	text.WriteString("func(")
	for i := 0; i < t.Params().Len(); i++ {
		if t.Variadic() && i == t.Params().Len()-1 {
			text.WriteString("...")
		}
		text.WriteString(signature(t.Params().At(i).Type()) + ",")
	}
	text.WriteString(")(")
	for i := 0; i < t.Results().Len(); i++ {
		text.WriteString(signature(t.Results().At(i).Type()) + ",")
	}
	text.WriteString(")")
	return text.String()
}

func interfaceSignature(t *types.Interface) string {
	var methods []string
	for i := 0; i < t.NumMethods(); i++ {
		methods = append(methods, t.Method(i).Name()+signature(t.Method(i).Type()))
	}
	sort.Strings(methods)
	return "interface{" + strings.Join(methods, ";") + "}"
}

func namedSignature(t *types.Named) string {
	o := t.Obj()
	if o.Pkg() == nil {
		return o.Name()
	}
	var args []string
	for i := 0; i < t.TypeArgs().Len(); i++ {
		args = append(args, signature(t.TypeArgs().At(i)))
	}
	list := "[" + strings.Join(args, ",") + "]"
	path := strings.Replace(o.Pkg().Path(), oursPath, theirPath, 1)
	if f, ok := t.Underlying().(*types.Signature); ok && !o.Exported() {
		if o.Name() == "optionFunc" { // its parameter is private; only the name can be relied on
			return path + ".optionFunc"
		}
		return "unexported " + functionSignature(f)
	}
	return path + "." + o.Name() + list
}
