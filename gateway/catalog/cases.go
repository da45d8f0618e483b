package catalog

import (
	"encoding/json"
)

// ExampleCases renders the examples that have requests in the form of a cases.yaml, so that what `wasmplane run` prints
// is tested; nil if there are none.
func (p *Plugin) ExampleCases() ([]byte, error) {
	var list []any
	for i := range p.Examples {
		e := &p.Examples[i]
		if len(e.Requests) == 0 {
			continue
		}
		entry := map[string]any{"name": "example: " + e.Name}
		if len(e.Config) > 0 {
			entry["config"] = e.Config
		}
		if len(e.Routes) > 0 {
			entry["routes"] = e.routeCases()
		}
		if services := e.serviceCases(); len(services) > 0 {
			entry["services"] = services
		}
		var steps []any
		for _, x := range e.Requests {
			if x.Repeat > 1 {
				// The response is that of the last request; the others are sent before, whatever comes of them.
				steps = append(steps, map[string]any{"name": x.Name + " (before)", "request": x.Request, "repeat": x.Repeat - 1, "response": map[string]any{"statusCodes": anyStatus}})
			}
			steps = append(steps, map[string]any{"name": x.Name, "request": x.Request, "response": x.Response})
		}
		entry["steps"] = steps
		list = append(list, entry)
	}
	if list == nil {
		return nil, nil
	}
	return json.Marshal(map[string]any{"cases": list}) // JSON is YAML
}

// anyStatus are the statuses that a request may have whose response is not looked at.
var anyStatus = []int{200, 429, 401, 403, 503}

func (e *Example) routeCases() []any {
	var out []any
	for _, r := range e.Routes {
		route := map[string]any{"name": r.Name, "path": "/"}
		if r.Host != "" {
			route["host"] = r.Host
		}
		if r.Path != "" {
			route["path"] = r.Path
		}
		out = append(out, route)
	}
	return out
}

func (e *Example) serviceCases() []any {
	var out []any
	for service, kind := range e.Services {
		host, port := splitService(service)
		entry := map[string]any{"name": host, "port": port}
		if kind == "redis" {
			entry["redis"] = true
		}
		out = append(out, entry)
	}
	return out
}
