package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// injection is what goes into pages.
type injection struct {
	head        string
	first, last string // of the body; the first begin with the script that brings the user from the local storage
	global      *global
	any         bool // there is something to inject
}

// global is a variable for the page's scripts. nil is none.
type global struct {
	before, after string // of the rules' results
	features      []feature
}

// feature is a rule and its name as a member of a JSON object: "\"pilot\":".
type feature struct {
	member string
	rule   *rule
}

func parseInjection(json gjson.Result, rules []*rule) (injection, error) {
	set := json.Get("injection")
	i := injection{head: lines(set.Get("head")), last: lines(set.Get("body.last"))}
	var first []string
	if key := json.Get("localStorageGrayKey").String(); key != "" {
		first = append(first, syncScript(key))
	}
	i.first = strings.Join(append(first, texts(set.Get("body.first"))...), "\n")
	var err error
	if i.global, err = parseGlobal(set.Get("globalConfig"), rules); err != nil {
		return injection{}, err
	}
	i.any = i.head+i.first+i.last != "" || i.global != nil
	return i, nil
}

func texts(list gjson.Result) []string {
	var all []string
	for _, item := range list.Array() {
		all = append(all, item.String())
	}
	return all
}

func lines(list gjson.Result) string { return strings.Join(texts(list), "\n") }

func parseGlobal(json gjson.Result, rules []*rule) (*global, error) {
	key, ok1 := variable(json.Get("key"), "HIGRESS_CONSOLE_CONFIG")
	featureKey, ok2 := variable(json.Get("featureKey"), "FEATURE_STATUS")
	if !ok1 || !ok2 {
		return nil, errors.New("injection.globalConfig.featureKey is invalid")
	}
	if !json.Get("enabled").Bool() {
		return nil, nil
	}
	value := strings.TrimSpace(json.Get("value").String())
	value = strings.TrimSuffix(strings.TrimPrefix(value, "{"), "}")
	g := &global{
		before: "<script>var " + key + " = {\n" + featureKey + ":",
		after:  ",\n " + value + " \n}\n</script>",
	}
	sorted := slices.Clone(rules)
	slices.SortStableFunc(sorted, func(a, b *rule) int { return strings.Compare(a.name, b.name) })
	sorted = slices.CompactFunc(sorted, func(a, b *rule) bool { return a.name == b.name })
	for _, r := range sorted {
		g.features = append(g.features, feature{string(gjson.AppendJSONString(nil, r.name)) + ":", r})
	}
	return g, nil
}

// variable reads a name of letters, digits and "_".
func variable(json gjson.Result, otherwise string) (string, bool) {
	name := json.String()
	if name == "" {
		return otherwise, true
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
		default:
			return "", false
		}
	}
	return name, true
}

// script is the variable for a visit.
func (g *global) script(v *visit) string {
	var out strings.Builder
	out.WriteString(g.before)
	out.WriteByte('{')
	for i, f := range g.features {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(f.member)
		if f.rule.feature(v) {
			out.WriteString("true")
		} else {
			out.WriteString("false")
		}
	}
	out.WriteByte('}')
	out.WriteString(g.after)
	return out.String()
}

// syncScript brings the user, whom the application keeps in the local storage, into the cookie, where requests show it.
func syncScript(key string) string {
	return `<script>(function () {
try {
  var key = ` + string(gjson.AppendJSONString(nil, key)) + `, item = localStorage.getItem(key), pairs = document.cookie.split("; ");
  if (!item || item.indexOf("=") >= 0) return;
  for (var i = 0; i < pairs.length; i++) {
    if (pairs[i].indexOf(key + "=") !== 0) continue;
    if (decodeURIComponent(pairs[i].slice(key.length + 1)) === item) return;
    document.cookie = key + "=" + encodeURIComponent(item) + "; path=/;";
    location.reload();
    return;
  }
} catch (e) {}
})();</script>`
}
