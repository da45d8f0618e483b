package cases

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// checker collects the problems of a file, each with the path of its field.
type checker struct {
	dir      string // of the file
	problems []error
}

func (c *checker) fail(path, format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

func (c *checker) oneOf(path, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		c.fail(path, "must be one of %s, not %q", strings.Join(allowed, ", "), value)
	}
}

func (c *checker) duration(path string, d Duration) {
	if d.problem != "" {
		c.fail(path, "%s", d.problem)
	}
}

func (c *checker) texts(path string, texts []Text) {
	for i, t := range texts {
		c.text(fmt.Sprintf("%s[%d]", path, i), &t)
	}
}

func (c *checker) text(path string, t *Text) {
	if t != nil && t.problem != "" {
		c.fail(path, "%s", t.problem)
	}
}

func (c *checker) file(f *File) {
	c.services("services", f.Services)
	if len(f.Cases) == 0 {
		c.fail("cases", "must not be empty")
	}
	names := map[string]bool{}
	for i := range f.Cases {
		path := fmt.Sprintf("cases[%d]", i)
		if f.Cases[i].Name == "" {
			c.fail(path+".name", "must not be empty")
		} else if names[f.Cases[i].Name] {
			c.fail(path+".name", "%q is the name of another case", f.Cases[i].Name)
		}
		names[f.Cases[i].Name] = true
		c.oneCase(path, &f.Cases[i])
		c.told(path, &f.Cases[i])
	}
	c.routes("routes", f.Routes, func(key string) bool {
		return !slices.ContainsFunc(f.Cases, func(k Case) bool { return len(k.Routes) == 0 && k.service(key) == nil })
	})
}

func (c *checker) oneCase(path string, k *Case) {
	c.settings(path, &k.Settings)
	c.services(path+".services", k.Services)
	if len(k.Routes) > 0 {
		c.routes(path+".routes", k.Routes, func(key string) bool { return k.service(key) != nil })
	}
	c.answers(path+".backend", k.Backend)
	for i := range k.services {
		if s := &k.services[i]; len(k.Backend) > 0 && s.key() == Backend && !reflect.DeepEqual(s.Answers, k.Backend) {
			c.fail(path+".backend", "cannot be set besides a service %s", Backend)
		}
	}
	for i, engine := range k.Engines {
		c.oneOf(fmt.Sprintf("%s.engines[%d]", path, i), engine, "gateway", "envoy")
	}
	if len(k.Engines) > 0 != (k.Reason != "") {
		c.fail(path+".reason", "is for engines, and must say why the case is not for the others")
	}
	c.chain(path, k)
	switch {
	case k.both:
		c.fail(path+".steps", "cannot be set besides fields of a step")
	case k.LoadError != "" && len(k.Steps) > 0:
		c.fail(path+".loadError", "cannot be set besides steps: a refused configuration takes no requests")
	case k.LoadError == "" && len(k.Steps) == 0:
		c.fail(path, "asserts nothing: must have steps, a request, or a loadError")
	}
	c.changes(path, k)
	for i := range k.Steps {
		at := fmt.Sprintf("%s.steps[%d]", path, i)
		if k.inline {
			at = path
		}
		c.exchange(at, &k.Steps[i].Exchange, k)
	}
}

func (c *checker) settings(path string, s *Settings) {
	c.object(path+".config", s.Config)
	c.object(path+".defaultConfig", s.DefaultConfig)
	split := s.DefaultConfig != nil || s.DefaultConfigDisable || len(s.MatchRules) > 0
	if s.Config != nil && split {
		c.fail(path+".config", "cannot be set besides defaultConfig, defaultConfigDisable or matchRules")
	}
	for i, rule := range s.MatchRules {
		c.object(fmt.Sprintf("%s.matchRules[%d].config", path, i), rule.Config)
	}
	c.oneOf(path+".failStrategy", s.FailStrategy, "FAIL_OPEN", "FAIL_CLOSE")
}

func (c *checker) object(path string, raw json.RawMessage) {
	if raw = bytes.TrimSpace(raw); len(raw) > 0 && raw[0] != '{' {
		c.fail(path, "must be an object; leave it out for no configuration")
	}
}

func (c *checker) chain(path string, k *Case) {
	names := map[string]bool{}
	for i := range k.Plugins {
		p, at := &k.Plugins[i], fmt.Sprintf("%s.plugins[%d]", path, i)
		if p.Name == "" {
			c.fail(at+".name", "must not be empty")
		}
		if names[p.resource()] {
			c.fail(at+".as", "%q is the name of another plugin of the chain", p.resource())
		}
		names[p.resource()] = true
		c.settings(at, &p.Settings)
		c.oneOf(at+".phase", p.Phase, "UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS")
		c.oneOf(at+".position", p.Position, "before", "after")
		if p.Position != "" && (p.Phase != "" || p.Priority != nil) {
			c.fail(at+".position", "cannot be set besides phase and priority")
		}
	}
}

func (c *checker) routes(path string, routes []Route, known func(key string) bool) {
	names := map[string]bool{}
	for i := range routes {
		r, at := &routes[i], fmt.Sprintf("%s[%d]", path, i)
		switch {
		case r.Name == "":
			c.fail(at+".name", "must not be empty")
		case names[r.Name]:
			c.fail(at+".name", "%q is the name of another route", r.Name)
		}
		names[r.Name] = true
		if r.Path != "" && r.Path[0] != '/' {
			c.fail(at+".path", "must begin with a slash, not %q", r.Path)
		}
		c.oneOf(at+".pathType", r.PathType, "Prefix", "Exact")
		if !known(r.backend()) {
			c.fail(at+".service", "%q is not among the services", r.Service)
		}
	}
}

var serviceName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

func (c *checker) services(path string, services []Service) {
	keys := map[string]bool{}
	for i := range services {
		s, at := &services[i], fmt.Sprintf("%s[%d]", path, i)
		c.duration(at+".delay", s.Delay)
		if (s.Delay.Duration > 0 || s.Gone) && !s.Redis {
			c.fail(at, "delay and gone need redis: true; answers and commands have a delay of their own")
		}
		if !serviceName.MatchString(s.Name) {
			c.fail(at+".name", "must be a host name such as idp.dns, not %q", s.Name)
		}
		if s.Port < 1 || s.Port > 65535 {
			c.fail(at+".port", "must be between 1 and 65535, not %d", s.Port)
		}
		if keys[s.key()] {
			c.fail(at, "%s is there twice", s.key())
		}
		keys[s.key()] = true
		kinds := 0
		for _, set := range []bool{len(s.Answers) > 0, s.Redis, len(s.Commands) > 0, s.Raw != nil, s.Unreachable, s.NoEndpoints} {
			if set {
				kinds++
			}
		}
		if kinds > 1 {
			c.fail(at, "only one of answers, redis, commands, raw, unreachable and noEndpoints can be set")
		}
		c.answers(at+".answers", s.Answers)
		for j := range s.Commands {
			c.redisAnswer(fmt.Sprintf("%s.commands[%d]", at, j), &s.Commands[j])
		}
	}
}

// told checks that what steps tell is waited for.
func (c *checker) told(path string, k *Case) {
	waited := k.waited()
	for i := range k.Steps {
		for j, name := range k.Steps[i].Tell {
			if !waited[name] {
				c.fail(fmt.Sprintf("%s.steps[%d].tell[%d]", path, i, j), "no answer waits until %q", name)
			}
		}
	}
}

// changes checks the services of steps: they can do something else, but not become of another kind.
func (c *checker) changes(path string, k *Case) {
	for i := range k.Steps {
		at := fmt.Sprintf("%s.steps[%d].services", path, i)
		c.services(at, k.Steps[i].Services)
		for j := range k.Steps[i].Services {
			changed := &k.Steps[i].Services[j]
			switch was := k.service(changed.key()); {
			case was == nil:
				c.fail(fmt.Sprintf("%s[%d]", at, j), "%s is not among the services of the case", changed.key())
			case was.kind() != changed.kind() || changed.kind() == fixedService:
				c.fail(fmt.Sprintf("%s[%d]", at, j), "%s cannot become a service of another kind in a step", changed.key())
			}
		}
	}
}

func (c *checker) redisAnswer(path string, a *RedisAnswer) {
	c.texts(path+".command", a.Command)
	c.duration(path+".delay", a.Delay)
	if a.Error != "" && (a.Reply != nil || a.Close || a.Hang) || a.Close && a.Hang || a.Reply != nil && (a.Close || a.Hang) {
		c.fail(path, "only one of reply, error, close and hang can be set")
	}
	if a.Times < 0 {
		c.fail(path+".times", "must not be negative")
	}
	if _, err := redisValue(a.Reply); err != nil {
		c.fail(path+".reply", "%v", err)
	}
}

func (c *checker) answers(path string, answers []Answer) {
	for i := range answers {
		a, at := &answers[i], fmt.Sprintf("%s[%d]", path, i)
		if m := a.Match; m != nil {
			c.text(at+".match.method", m.Method)
			c.text(at+".match.path", m.Path)
			c.expectedHeaders(at+".match.headers", m.Headers)
		}
		if a.Times < 0 {
			c.fail(at+".times", "must not be negative")
		}
		c.serviceResponse(at+".response", &a.Response)
	}
}

func (c *checker) serviceResponse(path string, r *Response) {
	if r.StatusCode != 0 && (r.StatusCode < 200 || r.StatusCode > 599) {
		c.fail(path+".statusCode", "must be between 200 and 599, not %d", r.StatusCode)
	}
	c.sentHeaders(path+".headers", r.Headers)
	c.sentHeaders(path+".trailers", r.Trailers)
	c.payload(path, &r.Payload, r.Chunks)
	c.chunks(path+".chunks", r.Chunks, false)
	c.duration(path+".delay", r.Delay)
	c.oneOf(path+".reset", r.Reset, "before headers", "after headers")
	if r.Hang && r.Reset != "" {
		c.fail(path+".hang", "cannot be set besides reset")
	}
}
