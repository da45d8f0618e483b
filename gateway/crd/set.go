// Package crd checks resources against the CustomResourceDefinitions of their kinds the way the API server does at
// admission: unknown fields, defaults, the OpenAPI schema, list types and CEL rules. It uses the API server's own code,
// because rules call the CEL functions that only Kubernetes defines, and its notion of null, pruning and list maps is
// nobody else's.
package crd

import (
	_ "embed"
	"fmt"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/resource"
)

//go:embed higress.yaml
var higress []byte

// Set is a set of kinds. The zero value knows none. It is safe for concurrent use once it is complete.
type Set struct {
	kinds map[kind]*version
}

type kind struct{ apiVersion, kind string }

// version is what a CRD says of one version of its kind. It is compiled when it is first used: a file may hold dozens.
type version struct {
	namespaced bool
	compile    func() (*rules, error)
}

// rules are a compiled schema.
type rules struct {
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
	cel        *cel.Validator // nil without CEL rules
}

var embedded = sync.OnceValues(func() (*Set, error) {
	s := &Set{}
	return s, s.Add("higress.yaml", higress)
})

// Higress returns a new set with the kinds of Higress: WasmPlugin, McpBridge and Http2Rpc.
func Higress() (*Set, error) {
	known, err := embedded()
	if err != nil {
		return nil, err
	}
	s := &Set{}
	for k, v := range known.kinds {
		s.add(k, v)
	}
	return s, nil
}

// Add reads the CustomResourceDefinitions of a YAML stream. Other resources in it are passed over; a stream without any
// CustomResourceDefinition is an error, as is one that cannot be read.
func (s *Set) Add(file string, data []byte) error {
	docs, problems := resource.Parse(file, data)
	if len(problems) > 0 {
		return problems
	}
	found := false
	for _, d := range docs {
		if d.Kind() != "CustomResourceDefinition" || d.APIVersion() != "apiextensions.k8s.io/v1" {
			continue
		}
		found = true
		if err := s.addDefinition(d); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", file, d.Line, d, err)
		}
	}
	if !found {
		return manifest.Problem{File: file, Message: "there is no CustomResourceDefinition of apiextensions.k8s.io/v1"}
	}
	return nil
}

func (s *Set) addDefinition(d *resource.Document) error {
	data, err := yaml.Marshal(d.Object)
	if err != nil {
		return err
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(data, &definition); err != nil {
		return err
	}
	spec := &definition.Spec
	for i := range spec.Versions {
		v := &spec.Versions[i]
		if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil || !v.Served {
			continue
		}
		s.add(kind{spec.Group + "/" + v.Name, spec.Names.Kind}, &version{
			namespaced: spec.Scope == apiextensionsv1.NamespaceScoped,
			compile:    sync.OnceValues(func() (*rules, error) { return compile(v.Schema.OpenAPIV3Schema) }),
		})
	}
	return nil
}

func (s *Set) add(k kind, v *version) {
	if s.kinds == nil {
		s.kinds = map[kind]*version{}
	}
	s.kinds[k] = v
}

func compile(schema *apiextensionsv1.JSONSchemaProps) (*rules, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	return &rules{
		structural: structural, schema: validator,
		cel: cel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}
