package convert

import (
	"fmt"
	"strings"
)

// rename gives the rules the names that the other gateway has for routes and services. Names that stay as they are
// would match nothing there, and the request would fall to another configuration. sameService says which services have
// the same name there; nil means that no rule can match on services.
func (s *source) rename(options Options, sameService func(name string) bool) {
	rules, _ := s.config["_rules_"].([]any)
	if rule, single := s.config["_rules_"].(map[string]any); single {
		rules = []any{rule}
	}
	for i := range rules {
		rule, ok := rules[i].(map[string]any)
		if !ok {
			continue // validate has refused it
		}
		field := func(higress, whole string) string { return s.ruleField(i, higress, whole) }
		if _, ok := rule["_match_route_prefix_"]; ok {
			s.refuse(field("config._match_route_prefix_", "_match_route_prefix_"), "the beginnings of route names are others there, and cannot be translated")
		}
		s.names(rule, "_match_route_", field("ingress", "_match_route_"), "route", options.Routes, func(string) bool { return false })
		if _, ok := rule["_match_service_"]; ok && sameService == nil {
			s.refuse(field("service", "_match_service_"), "no rule matches on services there: the names of the clusters do not hold the service's")
			continue
		}
		s.names(rule, "_match_service_", field("service", "_match_service_"), "service", options.Services, sameService)
	}
}

// ruleField is the place of a rule's field, by what it is called in matchRules and in a whole configuration.
func (s *source) ruleField(i int, higress, whole string) string {
	if fields := s.ruleFields(); i < len(fields) {
		return fields[i] + "." + higress
	}
	return fmt.Sprintf("%s._rules_[%d].%s", s.configField(), i, whole)
}

// configField is where the whole or the global configuration is.
func (s *source) configField() string {
	if s.spec.PluginConfig != nil {
		return "spec.pluginConfig"
	}
	return "spec.defaultConfig"
}

// ruleFields are the fields of the rules that are in force, if they are in matchRules.
func (s *source) ruleFields() []string {
	var fields []string
	if s.spec.PluginConfig != nil {
		return nil
	}
	for i, rule := range s.spec.MatchRules {
		if !rule.ConfigDisable {
			fields = append(fields, fmt.Sprintf("spec.matchRules[%d]", i))
		}
	}
	return fields
}

func (s *source) names(rule map[string]any, key, field, kind string, known map[string][]string, same func(string) bool) {
	value, ok := rule[key]
	if !ok {
		return
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	out := []any{}
	for _, item := range list {
		name := fmt.Sprint(item)
		switch {
		case known[name] != nil:
			for _, translated := range known[name] {
				out = append(out, translated)
			}
		case same(name):
			out = append(out, name)
		default:
			s.refuse(field, "%q is the name in Higress; say what the %s is called there: --%s %s=NAME", name, kind, kind, name)
		}
	}
	rule[key] = out
}

// kubernetesService reports whether a service has the name that Kubernetes gives it, with or without a port.
func kubernetesService(name string) bool {
	host, _, _ := strings.Cut(name, ":")
	return strings.HasSuffix(host, ".svc.cluster.local")
}
