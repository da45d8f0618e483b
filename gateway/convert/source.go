package convert

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/crd"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/resource"
	"github.com/wasmplane/wasmplane/gateway/validate"
)

// source is a WasmPlugin as it is written, and as Higress installs it.
type source struct {
	*manifest.Plugin
	doc    *resource.Document
	spec   manifest.WasmPluginSpec
	known  *catalog.Plugin // nil: nobody knows
	envoy  bool            // the URL is of the plugin's build for hosts without Redis call-outs
	config map[string]any  // the whole configuration, nil if there is none
	report *manifest.Problems
}

func (s *source) refuse(field, format string, args ...any) {
	*s.report = append(*s.report, s.doc.Problem(field, format, args...))
}

func (s *source) note(field, format string, args ...any) {
	s.refuse(field, format, args...)
	(*s.report)[len(*s.report)-1].Warning = true
}

// read returns the WasmPlugins of the files in the order of the filter chain. The problems are those of wasmplane
// validate, and what keeps a plugin from being converted to anything.
func read(ctx context.Context, files []manifest.File, options Options, report *manifest.Problems) []*source {
	crds, err := crd.Higress()
	if err != nil {
		*report = append(*report, manifest.Problem{Message: err.Error()})
		return nil
	}
	docs := wasmPlugins(files, report)
	if checkURL(docs, options, report); len(report.Fatal()) > 0 {
		return nil
	}
	validator := validate.New(validate.Options{
		CRDs: crds, Plugins: options.Plugins, URL: options.URL, EnvoyBuild: options.EnvoyBuild, Load: options.Load,
	})
	for _, file := range files {
		*report = append(*report, validator.Check(ctx, file.Name, file.Data).Fatal()...)
	}
	if len(docs) == 0 && len(report.Fatal()) == 0 {
		*report = append(*report, manifest.Problem{Message: "there is no WasmPlugin of extensions.higress.io/v1alpha1"})
	}
	if len(report.Fatal()) > 0 {
		return nil
	}
	return install(docs, options, report)
}

// wasmPlugins are the resources to convert. Whatever cannot be parsed is left to the validator.
func wasmPlugins(files []manifest.File, report *manifest.Problems) []*resource.Document {
	var docs []*resource.Document
	for _, file := range files {
		found, _ := resource.Parse(file.Name, file.Data)
		for _, d := range found {
			if d.Kind() == "WasmPlugin" && d.APIVersion() == "extensions.higress.io/v1alpha1" {
				docs = append(docs, d)
				continue
			}
			p := d.Problem("kind", "left out: it is no WasmPlugin of Higress")
			p.Warning = true
			*report = append(*report, p)
		}
	}
	return docs
}

// install does what the Higress controller would.
func install(docs []*resource.Document, options Options, report *manifest.Problems) []*source {
	byName := map[string]*source{}
	var stream []byte
	for _, d := range docs {
		s := &source{doc: d, report: report}
		if byName[d.Name()] != nil {
			s.refuse("metadata.name", "another resource has this name")
			continue
		}
		byName[d.Name()] = s
		one := map[string]any{"apiVersion": d.APIVersion(), "kind": d.Kind(), "metadata": map[string]any{"name": d.Name()}, "spec": d.Object["spec"]}
		data, err := yaml.Marshal(one)
		if err == nil {
			err = yaml.Unmarshal(data, &struct {
				Spec *manifest.WasmPluginSpec `json:"spec"`
			}{&s.spec})
		}
		if err != nil {
			s.refuse("spec", "%v", err)
			continue
		}
		stream = append(append(stream, "---\n"...), data...)
	}
	snapshot, problems := manifest.Parse([]manifest.File{{Data: stream}}, manifest.Options{})
	for _, p := range problems {
		if s := byName[p.Resource[strings.LastIndexByte(p.Resource, '/')+1:]]; s != nil && !p.Warning {
			s.refuse(p.Field, "%s", p.Message)
		}
	}
	if snapshot == nil || len(report.Fatal()) > 0 {
		return nil
	}
	var sources []*source
	for _, plugin := range snapshot.Plugins {
		s := byName[plugin.Name]
		delete(byName, plugin.Name)
		s.complete(plugin, options)
		sources = append(sources, s)
	}
	for _, s := range byName {
		s.refuse("spec.defaultConfigDisable", "Higress does not install this plugin: no rule is in force, and the default is disabled")
	}
	return sources
}

// complete adds what follows from the installed plugin.
func (s *source) complete(plugin *manifest.Plugin, options Options) {
	s.Plugin = plugin
	s.Namespace = s.doc.Namespace()
	if options.Namespace != "" {
		s.Namespace = options.Namespace
	}
	s.replaceURL(options)
	recognized := validate.Recognize(options.Plugins, []string{options.URL, s.spec.URL}, s.spec.PluginName, s.doc.Name())
	s.known = recognized.Plugin
	s.envoy = options.EnvoyBuild || catalog.NamesEnvoyBuild(s.URL)
	const unsaid = "whether its module runs on the other gateway, holds headers until it has seen a body, or calls other services"
	switch {
	case s.known == nil && options.AllowUnknown:
		s.note("spec.url", "%s: %s was not checked", recognized.Unknown(), unsaid)
	case s.known == nil:
		s.refuse("spec.url", "%s, so nobody can say %s; --plugins FOLDER makes plugins known, --allow-unknown converts it all the same", recognized.Unknown(), unsaid)
	case recognized.ByPluginName:
		s.note("spec.pluginName", "taken as %s: the name in the url is not known here", s.known.Name)
	}
	if len(plugin.Configuration) == 0 {
		return
	}
	if err := json.Unmarshal(plugin.Configuration, &s.config); err != nil {
		s.refuse("spec", "%v", err)
	}
}

// metadata are the result's: name, namespace, labels and annotations of the source.
func (s *source) metadata() map[string]any {
	out := map[string]any{"name": s.doc.Name()}
	if s.Namespace != "" {
		out["namespace"] = s.Namespace
	}
	metadata, _ := s.doc.Object["metadata"].(map[string]any)
	for _, field := range []string{"labels", "annotations"} {
		entries, _ := metadata[field].(map[string]any)
		kept := map[string]any{}
		for key, value := range entries {
			if key != "kubectl.kubernetes.io/last-applied-configuration" {
				kept[key] = value
			}
		}
		if len(kept) > 0 {
			out[field] = kept
		}
	}
	return out
}

// render writes resources as a YAML stream, or nothing if anything was refused.
func render(resources []any, report manifest.Problems) []byte {
	if len(report.Fatal()) > 0 {
		return nil
	}
	var out strings.Builder
	for i, r := range resources {
		data, err := yaml.Marshal(r)
		if err != nil { // cannot happen: everything came out of YAML
			panic(fmt.Sprintf("convert: %v", err))
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(data)
	}
	return []byte(out.String())
}
