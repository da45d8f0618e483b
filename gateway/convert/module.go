package convert

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	if slices.Contains(s.known.Requires, "redis") && !namesEnvoyBuild(s.URL) {
		s.refuse("spec.url", "%s calls Redis through its host, and %s offers no such call%s", s.known.Name, gateway, s.envoyHint())
	}
}

func (s *source) envoyHint() string {
	if !slices.Contains(s.known.Requires, "redis") || namesEnvoyBuild(s.URL) {
		return ""
	}
	return "; publish " + module.EnvoyFile + " (wasmplane image push --envoy) and name it with --url"
}

// namesEnvoyBuild reports whether a URL is that of a plugin's build for stock Envoy: the file as wasmplane build writes
// it, or the tag as wasmplane image push --envoy does.
func namesEnvoyBuild(url string) bool {
	return strings.HasSuffix(url, "/"+module.EnvoyFile) || strings.HasSuffix(url, "-envoy")
}

// compiled reads the known plugin's module of the kind that the URL names; nil if it is not compiled.
func (s *source) compiled() *module.Module {
	file := s.known.Wasm()
	if namesEnvoyBuild(s.URL) {
		file = filepath.Join(s.known.Dir, module.EnvoyFile)
	}
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

// callsOut reports whether the known plugin, configured like this, calls other services. Its examples tell: those that
// have services need them. Every SDK plugin imports the function, so its module does not.
func (s *source) callsOut() bool {
	if s.known == nil {
		return false
	}
	with := 0
	for i := range s.known.Examples {
		if len(s.known.Examples[i].Services) > 0 {
			with++
		}
	}
	return with > 0 && with == len(s.known.Examples) || with > 0 && namesService(s.config)
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
