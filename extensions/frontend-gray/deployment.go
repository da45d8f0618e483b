package main

import (
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/cookie"
	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

// versionHeader is the header of requests and the cookie that tell the version.
const versionHeader = "x-higress-tag"

// deployment is one version of the front end.
type deployment struct {
	version, backendVersion string
	rule                    *rule // nil: never by user
	weight                  int   // percent; 0 without weight
	predicates              prefixes
}

// deployments are those that count.
type deployments struct {
	base        deployment
	gray        []*deployment // enabled, in order
	byWeight    bool          // some gray one has a weight, so users do not count
	predicates  bool          // some deployment has predicates
	backendTags bool          // some gray one has a back-end version
}

func parseDeployments(o field.Object, rules []*rule) (d deployments, err error) {
	d.base = parseDeployment(o.JSON().Get("baseDeployment"))
	d.predicates = len(d.base.predicates) > 0
	mode, err := o.Enum("weight_mode", "first", "cumulative")
	if err != nil {
		return d, err
	}
	total := 0
	for _, item := range o.Get("grayDeployments").Array() {
		if !item.Get("enabled").Bool() {
			continue
		}
		one := parseDeployment(item)
		one.rule = ruleOf(rules, item.Get("name").String())
		one.weight = int(min(max(item.Get("weight").Int(), 0), 100))
		d.gray = append(d.gray, &one)
		d.byWeight = d.byWeight || one.weight > 0
		d.predicates = d.predicates || len(one.predicates) > 0
		d.backendTags = d.backendTags || one.backendVersion != ""
		total += one.weight
		if one.weight > 0 && mode != "cumulative" {
			break
		}
	}
	if total > 100 {
		return d, o.FieldError("grayDeployments", "weights add up to "+strconv.Itoa(total)+", must be at most 100")
	}
	return d, nil
}

func parseDeployment(json gjson.Result) deployment {
	return deployment{
		version:        strings.TrimSpace(line(json.Get("version"))),
		backendVersion: line(json.Get("backendVersion")),
		predicates:     parsePrefixes(json.Get("versionPredicates")),
	}
}

func ruleOf(rules []*rule, name string) *rule {
	for _, r := range rules {
		if r.name == name {
			return r
		}
	}
	return nil
}

// choose returns the deployment for a visit.
func (d *deployments) choose(v *visit) *deployment {
	if d.byWeight {
		return d.share(v.visitor)
	}
	for _, gray := range d.gray {
		if gray.rule != nil && gray.rule.match(v) {
			return gray
		}
	}
	return &d.base
}

// share gives each deployment as many of the hundred shares of visitors as it has weight, in order; the base has the
// rest.
func (d *deployments) share(visitor string) *deployment {
	share := int(crc32.ChecksumIEEE([]byte(visitor)) % 100)
	for _, gray := range d.gray {
		if share < gray.weight {
			return gray
		}
		share -= gray.weight
	}
	return &d.base
}

// fileVersion is the version of a file, which is no page.
func (d *deployments) fileVersion(chosen *deployment, v *visit) string {
	if d.predicates {
		if version, ok := chosen.predicates.find(v.target.decoded); ok {
			return version
		}
		return chosen.version
	}
	if v.index {
		return chosen.version
	}
	if page, ok := cookie.First(v.headers, versionHeader); ok {
		if found := d.ofVersion(page); found != nil {
			return found.version
		}
	}
	return chosen.version
}

// ofVersion finds a deployment, gray ones first; nil if there is none.
func (d *deployments) ofVersion(version string) *deployment {
	for _, gray := range d.gray {
		if gray.version == version {
			return gray
		}
	}
	if d.base.version == version {
		return &d.base
	}
	return nil
}
