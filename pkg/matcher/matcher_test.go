package matcher

import (
	"errors"
	"fmt"
	"math"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// recorder keeps log lines: there is no host here.
type recorder struct {
	log.Log
	lines []string
}

func (r *recorder) Warn(line string)  { r.lines = append(r.lines, "warn: "+line) }
func (r *recorder) Error(line string) { r.lines = append(r.lines, "error: "+line) }

var logged recorder

func init() { log.SetPluginLog(&logged) }

type testConfig struct{ Name string }

func parseTest(json gjson.Result, c *testConfig) error {
	c.Name = json.Get("name").String()
	if json.Get("bad").Bool() {
		return errors.New("name: is bad")
	}
	return nil
}

// pluginContext is the part of a plugin context that the matcher asks for.
type pluginContext struct{ isolated bool }

func (pluginContext) SetContext(string, interface{})     {}
func (pluginContext) GetContext(string) interface{}      { return nil }
func (pluginContext) EnableRuleLevelConfigIsolation()    {}
func (p pluginContext) IsRuleLevelConfigIsolation() bool { return p.isolated }
func (pluginContext) GetFingerPrint() string             { return "test" }
func (pluginContext) DoLeaderElection()                  {}
func (pluginContext) IsLeader() bool                     { return false }
func mustParse(t testing.TB, config string) RuleMatcher[testConfig] {
	t.Helper()
	var m RuleMatcher[testConfig]
	if err := m.ParseRuleConfig(pluginContext{}, gjson.Parse(config), parseTest, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// match looks a request up without a host behind it.
func match(m RuleMatcher[testConfig], authority, route, cluster string) string {
	x, rule := m.parsed.index, int32(noRule)
	if x != nil {
		rule = x.byHost(withoutPort(authority), rule)
		rule = x.byRoute(route, rule)
		rule = x.byCluster(route, cluster, rule)
	}
	if rule != noRule {
		return m.parsed.rules[rule].config.Name
	}
	if m.parsed.hasGlobal {
		return m.parsed.global.Name
	}
	return ""
}

func TestTheFirstMatchingRuleWins(t *testing.T) {
	const rules = `{"name":"global","_rules_":[
		{"_match_domain_":["*.a.com"],"name":"suffix"},
		{"_match_domain_":["x.a.com","b.com"],"name":"exact"},
		{"_match_domain_":["api.*"],"name":"prefix"},
		{"_match_route_":["r1","r2"],"name":"route"},
		{"_match_route_":["r3"],"_match_service_":["s.static:80"],"name":"route and service"},
		{"_match_route_":["r3"],"_match_domain_":["never.com"],"name":"route only"},
		{"_match_service_":["t.dns"],"name":"service any port"},
		{"_match_service_":["t.dns:81","u.dns:82"],"name":"service and port"},
		{"_match_route_prefix_":["pre-"],"name":"route prefix"},
		{"_match_domain_":[""],"name":"empty domain"}]}`
	m := mustParse(t, rules)
	for _, c := range []struct{ name, authority, route, cluster, want string }{
		{"suffix before exact", "x.a.com", "", "", "suffix"},
		{"suffix needs the dot", "a.com", "", "", "global"},
		{"exact", "b.com", "", "", "exact"},
		{"the port is not compared", "b.com:8080", "", "", "exact"},
		{"case is not compared", "B.com", "", "", "exact"},
		{"the final dot is not compared", "b.com.:8080", "", "", "exact"},
		{"case and final dot under a suffix", "X.y.A.com.", "", "", "suffix"},
		{"case before a prefix's rest", "API.z", "", "", "prefix"},
		{"prefix", "api.z", "", "", "prefix"},
		{"a domain rule before a route rule", "b.com", "r1", "", "exact"},
		{"route", "z", "r2", "", "route"},
		{"route and service both match", "z", "r3", "outbound|80||s.static", "route and service"},
		{"route matches, service does not", "z", "r3", "outbound|81||s.static", "route only"},
		{"lists outside the category are ignored", "never.com", "z", "", "global"},
		{"service on any port", "z", "z", "outbound|81||t.dns", "service any port"},
		{"service with its port", "z", "z", "outbound|82||u.dns", "service and port"},
		{"service with another port", "z", "z", "outbound|83||u.dns", "global"},
		{"a cluster name of another shape", "z", "z", "t.dns", "global"},
		{"route prefix", "z", "pre-7", "", "route prefix"},
		{"empty domain", "", "", "", "empty domain"},
		{"IPv6 keeps its colons", "[::1]", "z", "", "global"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := match(m, c.authority, c.route, c.cluster); got != c.want {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ name, config, want string }{
		{"a rule without a condition", `{"_rules_":[{"name":"x"}]}`, errNoCondition.Error()},
		{"no rules and no global configuration", `{"_rules_":[]}`, "parse config failed, no valid rules; global config parse error:<nil>"},
		{"a bad global configuration without rules", `{"bad":true}`, "parse config failed, no valid rules; global config parse error:name: is bad"},
		{"a bad rule", `{"_rules_":[{"_match_route_":"r","bad":true}]}`, "name: is bad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m RuleMatcher[testConfig]
			err := m.ParseRuleConfig(pluginContext{}, gjson.Parse(c.config), parseTest, nil)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestRulesInheritTheGlobalConfiguration(t *testing.T) {
	var m RuleMatcher[testConfig]
	err := m.ParseRuleConfig(pluginContext{}, gjson.Parse(`{"name":"g","_rules_":{"_match_route_":"r","name":"-rule"}}`), parseTest,
		func(json gjson.Result, global testConfig, c *testConfig) error {
			c.Name = global.Name + json.Get("name").String()
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if got := match(m, "", "r", ""); got != "g-rule" {
		t.Fatalf("got %q", got)
	}
}

func TestIsolationKeepsTheLastGoodRule(t *testing.T) {
	parse := func(config string) (RuleMatcher[testConfig], error) {
		var m RuleMatcher[testConfig]
		err := m.ParseRuleConfig(pluginContext{isolated: true}, gjson.Parse(config), parseTest, nil)
		return m, err
	}
	if _, err := parse(`{"_rules_":[{"_match_route_":"never-good","bad":true}]}`); err == nil {
		t.Fatal("no rule survived, yet no error")
	}
	if _, err := parse(`{"_rules_":[{"_match_route_":["i1","i2"],"name":"good"}]}`); err != nil {
		t.Fatal(err)
	}
	logged.lines = nil
	m, err := parse(`{"_rules_":[{"_match_route_":["i2","i1"],"name":"worse","bad":true},{"_match_route_":"i3","bad":true}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"error: rule parsing failed, its last good configuration is used: name: is bad",
		"error: rule 1 is skipped: name: is bad"}
	if !slices.Equal(logged.lines, want) {
		t.Errorf("logged %q, want %q", logged.lines, want)
	}
	if got := match(m, "", "i1", ""); got != "good" {
		t.Fatalf("got %q", got)
	}
	if got := match(m, "", "i3", ""); got != "" {
		t.Fatalf("got %q for a rule that never parsed", got)
	}
}

// TestIndexAgreesWithAScan compares the index with trying rule after rule, on random rules and requests.
func TestIndexAgreesWithAScan(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	word := func() string {
		return strings.Repeat([]string{"a", "b", ".", "a."}[random.Intn(4)], random.Intn(4)) + string(rune('a'+random.Intn(3)))
	}
	for round := 0; round < 300; round++ {
		var all []conditions
		x := newIndex()
		for i := 0; i < 1+random.Intn(12); i++ {
			c := conditions{category: Category(random.Intn(5))}
			for j := 0; j < 1+random.Intn(2); j++ {
				c.routes, c.prefixes = append(c.routes, word()), append(c.prefixes, word())
				pattern := []string{"*", "", ""}[random.Intn(3)] + word() + []string{"*", "", ""}[random.Intn(3)]
				c.hosts = append(c.hosts, parseHost(pattern))
				c.services = append(c.services, word()+[]string{"", ":80", ":81"}[random.Intn(3)])
			}
			x.addRule(int32(i), &c)
			all = append(all, c)
		}
		for i := 0; i < 50; i++ {
			host, route, fqdn := word(), word(), word()
			got := x.byCluster(route, "outbound|80||"+fqdn, x.byRoute(route, x.byHost(host, noRule)))
			if want := scan(all, host, route, fqdn); got != want {
				t.Fatalf("host %q route %q service %q: got rule %d, want %d", host, route, fqdn, got, want)
			}
		}
	}
}

func scan(all []conditions, host, route, fqdn string) int32 {
	has := func(list []string, f func(string) bool) bool {
		for _, s := range list {
			if f(s) {
				return true
			}
		}
		return false
	}
	service := func(s string) bool { return s == fqdn || s == fqdn+":80" }
	named := func(s string) bool { return s == route }
	for i, c := range all {
		hit := false
		switch c.category {
		case Route:
			hit = has(c.routes, named)
		case RoutePrefix:
			hit = has(c.prefixes, func(p string) bool { return strings.HasPrefix(route, p) })
		case Service:
			hit = has(c.services, service)
		case RouteAndService:
			hit = has(c.routes, named) && has(c.services, service)
		case Host:
			for _, h := range c.hosts {
				hit = hit || h.matchType == Exact && host == h.host || h.matchType == Prefix && strings.HasPrefix(host, h.host) ||
					h.matchType == Suffix && strings.HasSuffix(host, h.host)
			}
		}
		if hit {
			return int32(i)
		}
	}
	return noRule
}

// BenchmarkRules compares the cost of a look-up with 10 and with 10,000 rules of each kind; the metric `ratio` is the
// second over the first. The look-up hits the last rule, which is the worst case of a scan.
func BenchmarkRules(b *testing.B) {
	for _, kind := range []struct{ name, rule string }{
		{"route", `{"_match_route_":["route-%d"],"name":"r"}`},
		{"domain", `{"_match_domain_":["host-%d.example.com"],"name":"r"}`},
		{"suffix", `{"_match_domain_":["*.tenant-%d.example.com"],"name":"r"}`},
		{"any suffix", `{"_match_domain_":["*-tenant-%d.example.com"],"name":"r"}`},
		{"service", `{"_match_service_":["service-%d.default.svc.cluster.local:80"],"name":"r"}`},
	} {
		b.Run(kind.name, func(b *testing.B) {
			few, many := rulesOf(b, kind.rule, 10), rulesOf(b, kind.rule, 10_000)
			b.ResetTimer()
			perFew, perMany := lookups(b, few, 10), lookups(b, many, 10_000)
			b.ReportMetric(perMany/perFew, "ratio")
			b.ReportMetric(perMany, "ns/lookup-10000")
		})
	}
}

func rulesOf(b *testing.B, rule string, n int) RuleMatcher[testConfig] {
	var text strings.Builder
	text.WriteString(`{"_rules_":[`)
	for i := 0; i < n; i++ {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, rule, 10_000_000+i)
	}
	text.WriteString(`]}`)
	return mustParse(b, text.String())
}

func lookups(b *testing.B, m RuleMatcher[testConfig], n int) float64 {
	last := fmt.Sprint(10_000_000 + n - 1)
	host, route, cluster := "host-"+last+".example.com", "route-"+last, "outbound|80||service-"+last+".default.svc.cluster.local"
	if m.parsed.index.subdomains != nil {
		host = "a.tenant-" + last + ".example.com"
	}
	if m.parsed.index.hostSuffixes.root != nil {
		host = "a-tenant-" + last + ".example.com"
	}
	if match(m, host, route, cluster) != "r" {
		b.Fatal("no match")
	}
	const rounds = 200_000
	best := math.Inf(1)
	for try := 0; try < 5; try++ {
		start := time.Now()
		for i := 0; i < rounds; i++ {
			match(m, host, route, cluster)
		}
		best = min(best, float64(time.Since(start).Nanoseconds())/rounds)
	}
	return best
}
