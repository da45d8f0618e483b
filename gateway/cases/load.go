package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	k8sjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/wasmplane/wasmplane/gateway/cases/expr"
)

// Backend is the service behind routes that name none: it records what it receives and echoes.
const Backend = "echo.static:80"

// Load reads and checks a file. The error joins all problems, one a line, as "file: field: problem".
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse reads and checks the contents of a file. Problems begin with path, and body files are looked for in its folder.
func Parse(path string, data []byte) (*File, error) {
	converted, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
		return nil, fmt.Errorf("%s: %s", path, strings.ReplaceAll(text, "\n ", ""))
	}
	s, problems := newScript(path, converted)
	f := &File{path: path}
	if s != nil && len(problems) == 0 {
		var computed map[string]any
		if computed, problems = s.trial(); len(problems) == 0 && expr.Has(string(converted)) {
			converted, err = marshal(computed)
		} else if len(problems) == 0 {
			s = nil
		}
	}
	if len(problems) == 0 && err == nil {
		problems = decode(converted, f)
	}
	if len(problems) == 0 && err == nil {
		f.complete()
		f.scripted(s)
		c := &checker{dir: filepath.Dir(path)}
		c.file(f)
		problems = c.problems
	}
	for i := range problems {
		problems[i] = fmt.Errorf("%s: %w", path, problems[i])
	}
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	return f, nil
}

// scripted remembers the expressions behind the cases.
func (f *File) scripted(s *script) {
	for i := range f.Cases {
		f.Cases[i].script, f.Cases[i].index = s, i
	}
}

// decode reports unknown fields and wrong types with their path.
func decode(data []byte, f *File) []error {
	strict, err := k8sjson.UnmarshalStrict(data, f)
	if err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return []error{fmt.Errorf("%s: must be %s, not %s", pathAt(data, wrong.Offset), typeName(wrong.Type), wrong.Value)}
		}
		return []error{err}
	}
	var problems []error
	for _, err := range strict {
		var field k8sjson.FieldError
		if errors.As(err, &field) {
			kind, _, _ := strings.Cut(err.Error(), ` "`)
			err = fmt.Errorf("%s: %s", field.FieldPath(), kind)
		}
		problems = append(problems, err)
	}
	return problems
}

// pathAt is the path of the value that ends at, or holds, an offset of a JSON text.
func pathAt(data []byte, offset int64) string {
	type level struct {
		list  bool
		index int
		name  string
		named bool // a member's name was read, its value is next
	}
	var stack []level
	path := func() string {
		var out strings.Builder
		for _, l := range stack {
			if l.list {
				fmt.Fprintf(&out, "[%d]", l.index)
				continue
			}
			out.WriteString("." + l.name)
		}
		return strings.TrimPrefix(out.String(), ".")
	}
	ended := func() { // a value of the innermost list or object
		if len(stack) > 0 {
			stack[len(stack)-1].index++
			stack[len(stack)-1].named = false
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		token, err := decoder.Token()
		if err != nil {
			return path()
		}
		top := len(stack) - 1
		name, isText := token.(string)
		isName := top >= 0 && !stack[top].list && !stack[top].named && isText
		if !isName && decoder.InputOffset() >= offset {
			return path()
		}
		switch {
		case isName:
			stack[top].name, stack[top].named = name, true
		case token == json.Delim('{') || token == json.Delim('['):
			stack = append(stack, level{list: token == json.Delim('[')})
		case token == json.Delim('}') || token == json.Delim(']'):
			stack = stack[:top]
			ended()
		default:
			ended()
		}
	}
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text (in quotes)"
	default:
		return "an integer"
	}
}

// complete turns the inline step of a case into a list of one, and puts together the services and routes of each case.
func (f *File) complete() {
	for i := range f.Cases {
		c := &f.Cases[i]
		if !reflect.ValueOf(c.Exchange).IsZero() {
			c.inline = true
			c.both = len(c.Steps) > 0
			if !c.both {
				c.Steps = []Step{{Exchange: c.Exchange}}
			}
		}
		c.routes = c.Routes
		if len(c.routes) == 0 {
			c.routes = f.Routes
		}
		if len(c.routes) == 0 {
			c.routes = []Route{{Name: "default"}}
		}
		c.services = append([]Service(nil), c.Services...)
		for _, s := range f.Services {
			if c.service(s.key()) == nil {
				c.services = append(c.services, s)
			}
		}
		if c.service(Backend) == nil {
			name, _, _ := strings.Cut(Backend, ":")
			c.services = append(c.services, Service{Name: name, Port: 80, Answers: c.Backend})
		}
	}
}

// key is the service's "name:port".
func (s *Service) key() string { return fmt.Sprintf("%s:%d", s.Name, s.Port) }

// Kinds of services.
const (
	httpService   = "HTTP"
	redisProxy    = "redis"
	redisScripted = "commands"
	rawBytes      = "raw"
	fixedService  = "fixed" // that nothing can be changed of
)

func (s *Service) kind() string {
	switch {
	case s.Unreachable || s.NoEndpoints:
		return fixedService
	case s.Redis:
		return redisProxy
	case len(s.Commands) > 0:
		return redisScripted
	case s.Raw != nil:
		return rawBytes
	}
	return httpService
}

// relayed reports whether the case wants the engine's Redis behind a service to be slow or gone.
func (c *Case) relayed(key string) bool {
	wants := func(s Service) bool { return s.key() == key && (s.Delay.Duration > 0 || s.Gone) }
	return slices.ContainsFunc(c.services, wants) ||
		slices.ContainsFunc(c.Steps, func(step Step) bool { return slices.ContainsFunc(step.Services, wants) })
}

// service returns the service in force under a key, or nil.
func (c *Case) service(key string) *Service {
	for i := range c.services {
		if c.services[i].key() == key {
			return &c.services[i]
		}
	}
	return nil
}

// backend is the key of the service behind a route.
func (r *Route) backend() string {
	if r.Service == "" {
		return Backend
	}
	return r.Service
}

// isBackend reports whether a route of the case leads to the service.
func (c *Case) isBackend(key string) bool {
	for i := range c.routes {
		if c.routes[i].backend() == key {
			return true
		}
	}
	return false
}

// generated are the sizes of the generated bodies among the answers of the case's services.
func (c *Case) generated() []int64 {
	var sizes []int64
	for i := range c.services {
		for j := range c.services[i].Answers {
			sizes = append(sizes, c.services[i].Answers[j].Response.generated()...)
		}
	}
	return sizes
}

// usesRedis reports whether the case depends on what is in the engine's Redis.
func (c *Case) usesRedis() bool {
	for i := range c.services {
		if c.services[i].Redis {
			return true
		}
	}
	for i := range c.Steps {
		if len(c.Steps[i].RedisBefore)+len(c.Steps[i].Redis) > 0 {
			return true
		}
	}
	return false
}

// title is the step's name, else its number.
func (c *Case) title(i int) string {
	if name := c.Steps[i].Name; name != "" || c.inline {
		return name
	}
	return fmt.Sprintf("step %d", i+1)
}
