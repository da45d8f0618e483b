package cases

import (
	"context"
	"regexp"
	"time"
)

// Configuration is what an engine is to run: resources, and where the upstreams are.
type Configuration struct {
	// Name is unique within a file and a valid DNS label.
	Name string
	// Manifests are the WasmPlugins and Ingresses, as YAML documents.
	Manifests []byte
	// Upstreams maps "host:port" of every service, the backend's included, to the address behind it. An empty address
	// means a cluster without endpoints.
	Upstreams map[string]string
	// Redis lists the services among them that are a Redis.
	Redis []string
	// TLS and ProxyProtocol ask for a listener that also takes TLS connections (by any certificate, with h2 and http/1.1
	// by ALPN), and the PROXY protocol's header before a connection's first bytes.
	TLS, ProxyProtocol bool
}

// Engine is a gateway under test. The runner calls its methods one at a time, except for Address and AccessLog.
type Engine interface {
	// Name is "gateway" or "envoy", as in a case's engines.
	Name() string
	// Prepare is called once a file, before the first Apply, with every configuration that will be applied. Those that
	// must be refused are among them: a refusal is Apply's to report. Expressions in them are computed anew
	// for Apply.
	Prepare(ctx context.Context, configurations []Configuration) error
	// Apply returns when the configuration is in force for new requests. A configuration that is refused leaves the
	// previous one in force, and gives a *LoadError.
	Apply(ctx context.Context, configuration Configuration) error
	// Address is where the applied configuration takes requests, "host:port". HTTP/1 and HTTP/2 by prior knowledge.
	Address() string
	// AccessLog waits for the access log line of the request with that x-request-id and returns its fields;
	// response_code_details is one of them.
	AccessLog(ctx context.Context, requestID string) (map[string]any, error)
	// Log returns everything that was logged since the last Apply began, its own lines included.
	Log() string
	// RedisAddress is the Redis behind services with redis: true; empty when there is none.
	RedisAddress() string
}

// LoadError is an engine's refusal of a configuration.
type LoadError struct {
	Text string
}

// Error implements error.
func (e *LoadError) Error() string { return e.Text }

// Plugin is what the runner has to know of a plugin to put it into a WasmPlugin.
type Plugin struct {
	Name         string
	Wasm         string // path of the module
	Phase        string // of the WasmPlugin; empty means unspecified
	Priority     *int
	FailStrategy string // FAIL_OPEN or FAIL_CLOSE; empty means the resource's default
}

// RunOptions say what is run and who hears of it.
type RunOptions struct {
	// Filter chooses cases by "case name" and steps by "case name/step name" (a case runs all its steps up to the last
	// one that is chosen); nil chooses all.
	Filter *regexp.Regexp
	// Progress is called after each step, and once for a case that is skipped or has no steps; nil means nobody is
	// told.
	Progress func(Result)
	// RedisPrivate says that nobody else uses the engine's Redis: it is emptied before each case that uses it. Otherwise
	// it must be empty.
	RedisPrivate bool
	// Resolve finds a further plugin of a chain by its name; nil means that there are none.
	Resolve func(name string) (Plugin, error)
	// Timeout of a step that does not set one; 0 means 10 s.
	Timeout time.Duration
}

// Result is what came of one step.
type Result struct {
	Case     string
	Step     string // its name, else its number from 1; empty where it is the whole case
	Engine   string
	Duration time.Duration
	Skipped  string // why the case did not run; empty when it did
	Failures []Failure
	// Context describes the response and the engine's last log lines of a step that failed.
	Context string
}

// Failure is one thing that was not as it must be.
type Failure struct {
	Field    string // of the step, such as response.headers[x-a]
	Expected string
	Actual   string
	// Diff shows two texts line by line, where that helps; Expected and Actual are empty then.
	Diff string
}

// Summary counts cases.
type Summary struct {
	Passed, Failed, Skipped int
	Steps                   int // that ran
	Duration                time.Duration
}
