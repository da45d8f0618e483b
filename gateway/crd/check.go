package crd

import (
	"context"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/resource"
)

// Check reports what the API server would refuse a resource for, and whether the set knows its kind at all. The
// document is not changed.
func (s *Set) Check(ctx context.Context, d *resource.Document) (problems manifest.Problems, known bool) {
	v := s.kinds[kind{d.APIVersion(), d.Kind()}]
	if v == nil {
		return nil, false
	}
	r, err := v.compile()
	if err != nil {
		return manifest.Problems{d.Problem("kind", "its CustomResourceDefinition cannot be used: %v", err)}, true
	}
	object := runtime.DeepCopyJSON(d.Object)
	for _, path := range pruning.PruneWithOptions(object, r.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		problems = append(problems, d.Problem(path, "unknown field"))
	}
	unknown, errs := v.metadata(object)
	for _, path := range unknown {
		problems = append(problems, d.Problem(path, "unknown field"))
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, r.structural)
	defaulting.Default(object, r.structural)
	schema := validation.ValidateCustomResource(nil, object, r.schema)
	schema = append(schema, listtype.ValidateListSetsAndMaps(nil, r.structural, object)...)
	// Rules may rely on the schema: the API server does not ask them about values of a wrong type either.
	if len(schema) == 0 && r.cel != nil {
		schema, _ = r.cel.Validate(ctx, nil, r.structural, object, nil, celconfig.RuntimeCELCostBudget)
	}
	for _, err := range append(errs, schema...) {
		path := strings.TrimPrefix(strings.TrimPrefix(err.Field, "<nil>"), ".")
		problems = append(problems, d.Problem(path, "%s", err.ErrorBody()))
	}
	return problems, true
}

// metadata checks the resource's metadata and lists the fields that are none of it; a namespace that is not given is the
// one of kubectl's context.
func (v *version) metadata(object map[string]any) (unknown []string, errs field.ErrorList) {
	path := field.NewPath("metadata")
	meta, found, unknown, err := objectmeta.GetObjectMetaWithOptions(object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, field.ErrorList{field.Invalid(path, object["metadata"], err.Error())}
	}
	if !found {
		return nil, field.ErrorList{field.Required(path, "")}
	}
	if v.namespaced && meta.Namespace == "" {
		meta.Namespace = "default"
	}
	return unknown, apivalidation.ValidateObjectMeta(meta, v.namespaced, apivalidation.NameIsDNSSubdomain, path)
}
