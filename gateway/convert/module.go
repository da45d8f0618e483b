package convert

import (
	"os"
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/gateway/catalog"
	"github.com/wasmplane/wasmplane/gateway/module"
)

// runsOn refuses a plugin whose module does not run, or does not work, on a gateway, which is one of the hosts of
// module.Hosts.
func (s *source) runsOn(gateway, host string) {
	if s.known == nil {
		return
	}
	if slices.Contains(s.known.Requires, module.HeadersStopIteration) {
		s.refuse("spec.url", "%s holds the headers of a request until it has seen the body: %s has to be told so by allow_on_headers_stop_iteration, which its resource cannot say", s.known.Name, gateway)
	}
	if m := s.compiled(); m != nil {
		for _, v := range m.Hosts() {
			if v.Host == host && !v.Runs {
				reasons := slices.DeleteFunc(v.Reasons, func(r string) bool { return r == "use "+module.EnvoyFile }) // the hint says how
				s.refuse("spec.url", "%s does not run on %s: %s%s", s.known.Name, gateway, strings.Join(reasons, "; "), s.envoyHint())
			}
		}
		return
	}
	if slices.Contains(s.known.Requires, "redis") && !s.envoy {
		s.refuse("spec.url", "%s calls Redis through its host, and %s offers no such call%s", s.known.Name, gateway, s.envoyHint())
	}
}

func (s *source) envoyHint() string {
	if !slices.Contains(s.known.Requires, "redis") || s.envoy {
		return ""
	}
	hint := "; publish " + module.EnvoyFile + " (wasmplane image push --envoy) and name it with --url"
	if digestAlone(s.URL) {
		hint += ", or say by --envoy-build that the digest is of that build"
	}
	return hint
}

// honoured refuses fields that ask for what only Higress does, and notes what the plugin asks for in any case.
func (s *source) honoured(gateway string) {
	if s.known == nil {
		return
	}
	for _, wish := range s.known.Wishes(s.config) {
		field := s.configField() + "." + wish.Field
		if wish.Rule >= 0 {
			field = s.ruleField(wish.Rule, "config."+wish.Field, wish.Field)
		}
		s.refuse(field, "asks for %s, which %s accepts and does not do", wish.What, gateway)
	}
	for _, what := range s.known.Unconditional() {
		s.note("spec.url", "%s may ask for %s, which %s accepts and does not do", s.known.Name, what, gateway)
	}
}

// compiled reads the known plugin's module of the kind that the URL names; nil if it is not compiled.
func (s *source) compiled() *module.Module {
	file := s.known.WasmFor(s.URL, s.envoy)
	code, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	m, err := module.Parse(code)
	if err != nil {
		return nil
	}
	return m
}

// callsOut reports whether the known plugin, configured like this, calls other services: those of which every example has
// services do, and those whose configuration names one. Every SDK plugin imports the function, so its module does not tell.
func (s *source) callsOut() bool {
	if s.known == nil {
		return false
	}
	examples := s.known.Examples
	without := slices.ContainsFunc(examples, func(e catalog.Example) bool { return len(e.Services) == 0 })
	return len(examples) > 0 && !without || namesService(s.config)
}

// namesService reports whether a configuration has a field like service_name anywhere, which all plugins have that are
// told where a service is.
func namesService(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			if strings.Contains(strings.ToLower(key), "service") && key != "_match_service_" || namesService(item) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, namesService)
	}
	return false
}
