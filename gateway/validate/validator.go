package validate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/crd"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/resource"
)

// Options say what is known. Only CRDs is required.
type Options struct {
	// CRDs are the kinds that are checked; resources of other kinds get a note.
	CRDs *crd.Set
	// Plugins are the known plugins by name.
	Plugins map[string]*catalog.Plugin
	// Namespace is the controller's own; empty means manifest.DefaultNamespace.
	Namespace string
	// URL is where the module will come from, if that is not what the resources say: it tells the plugin and its build.
	URL string
	// EnvoyBuild says that the URL is of a plugin's build for hosts without Redis call-outs, which a digest does not tell.
	EnvoyBuild bool
	// Load asks a compiled plugin, by the file of the build that is used, for its opinion on a configuration that its
	// schema allows; nil asks none. It returns what the plugin logged as an error while it took the configuration, or an
	// error if it refused.
	Load func(ctx context.Context, p *catalog.Plugin, wasm string, configuration []byte) (complaints []string, err error)
}

// Validator checks resources. It remembers what it has seen, so that one resource in two files is noticed; it is not
// safe for concurrent use.
type Validator struct {
	options Options
	schemas map[string]*pluginSchemas
	seen    map[string]string // "file:line" by apiVersion and name
	checked int
}

// New returns a validator.
func New(options Options) *Validator {
	if options.Namespace == "" {
		options.Namespace = manifest.DefaultNamespace
	}
	return &Validator{options: options, schemas: map[string]*pluginSchemas{}, seen: map[string]string{}}
}

// Checked is the number of resources that were checked.
func (v *Validator) Checked() int { return v.checked }

// Check checks the resources of a YAML stream. Problems are in the order of the file.
func (v *Validator) Check(ctx context.Context, file string, data []byte) manifest.Problems {
	docs, problems := resource.Parse(file, data)
	for _, d := range docs {
		v.checked++
		problems = append(problems, v.document(ctx, d)...)
	}
	slices.SortFunc(problems, func(a, b manifest.Problem) int {
		return cmp.Or(a.Line-b.Line, cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	return problems
}

func (v *Validator) document(ctx context.Context, d *resource.Document) manifest.Problems {
	for _, field := range []string{"apiVersion", "kind"} {
		if s, ok := d.Object[field].(string); !ok || s == "" {
			return manifest.Problems{d.Problem(field, "must be a text, and not empty")}
		}
	}
	problems, known := v.options.CRDs.Check(ctx, d)
	if !known && strings.HasPrefix(d.APIVersion(), "extensions.higress.io/") {
		return manifest.Problems{d.Problem("apiVersion", "Higress has no kind %s in %s", d.Kind(), d.APIVersion())}
	}
	if !known {
		return manifest.Problems{note(d, "kind", "not checked: its definition is not known here (--crd FILE gives it)")}
	}
	problems = append(problems, v.duplicate(d)...)
	if d.Kind() != "WasmPlugin" || d.APIVersion() != "extensions.higress.io/v1alpha1" {
		return problems
	}
	// What follows may rely on the types in the schema.
	if len(problems.Fatal()) > 0 && wrongTypes(problems) {
		return problems
	}
	p := &wasmPlugin{validator: v, doc: d, problems: problems}
	p.check(ctx)
	return p.problems
}

func (v *Validator) duplicate(d *resource.Document) manifest.Problems {
	namespace := d.Namespace()
	if namespace == "" {
		namespace = v.options.Namespace
	}
	key := strings.Join([]string{d.APIVersion(), d.Kind(), namespace, d.Name()}, "\x00")
	if first, ok := v.seen[key]; ok {
		return manifest.Problems{d.Problem("metadata.name", "the same resource is already at %s", first)}
	}
	v.seen[key] = fmt.Sprintf("%s:%d", d.File, d.Line)
	return nil
}

// wrongTypes reports whether a field has a value of another type than the CRD says.
func wrongTypes(problems manifest.Problems) bool {
	return slices.ContainsFunc(problems, func(p manifest.Problem) bool { return strings.Contains(p.Message, "must be of type") })
}

func note(d *resource.Document, field, format string, args ...any) manifest.Problem {
	p := d.Problem(field, format, args...)
	p.Warning = true
	return p
}
