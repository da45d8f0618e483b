package matcher

import "testing"

func TestHashKey(t *testing.T) {
	tests := []struct {
		name       string
		conditions conditions
		want       string
	}{
		{"nothing", conditions{}, `0|`},
		{"values are sorted", conditions{routes: []string{"b", "c", "a", "b"}}, `0|"a","b","b","c"`},
		{"values are quoted", conditions{routes: []string{`a","b`, "c\n"}}, `0|"a\",\"b","c\n"`},
		{"domains with the way they match", conditions{category: Host, hosts: []HostMatcher{{Suffix, ".a"}, {Exact, "a"}, {Prefix, "a"}}}, `1|"0:a","1:a","2:.a"`},
		{"services", conditions{category: Service, services: []string{"b", "a"}}, `2|"a","b"`},
		{"route prefixes", conditions{category: RoutePrefix, prefixes: []string{"b", "a"}}, `3|"a","b"`},
		{"routes and services are told apart", conditions{category: RouteAndService, routes: []string{"b"}, services: []string{"a"}}, `4|"r:b","s:a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule := RuleConfig[struct{}]{conditions: tt.conditions}
			if got := rule.GenerateHashKey(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestHashKeyLeavesTheRuleAlone(t *testing.T) {
	rule := RuleConfig[struct{}]{conditions: conditions{routes: []string{"b", "a"}}}
	rule.GenerateHashKey()
	if rule.routes[0] != "b" {
		t.Errorf("the routes were sorted: %v", rule.routes)
	}
}
