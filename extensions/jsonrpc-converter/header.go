package main

import (
	"github.com/wasmplane/wasmplane/pkg/log"
)

// Headers that the plugin sets and removes.
const (
	idHeader        = "x-envoy-jsonrpc-id"
	methodHeader    = "x-envoy-jsonrpc-method"
	paramsHeader    = "x-envoy-jsonrpc-params"
	resultHeader    = "x-envoy-jsonrpc-result"
	errorHeader     = "x-envoy-jsonrpc-error"
	toolHeader      = "x-envoy-mcp-tool-name"
	argumentsHeader = "x-envoy-mcp-tool-arguments"
	answerHeader    = "x-envoy-mcp-tool-response"
	failureHeader   = "x-envoy-mcp-tool-error"

	argumentPrefix = "x-mcp-arg-" // of arguments whose header is not named
)

// headersOf are the names of all headers that an instance is in charge of.
func headersOf(arguments []argument) map[string]bool {
	names := map[string]bool{}
	for _, name := range [...]string{idHeader, methodHeader, paramsHeader, resultHeader, errorHeader, toolHeader, argumentsHeader,
		answerHeader, failureHeader} {
		names[name] = true
	}
	for i := range arguments {
		names[arguments[i].header] = true
	}
	return names
}

// strip removes what was sent under the plugin's names, by clients, backends, or the other instance. headers have names in
// lower case; where they could not be read every name is removed.
func (c *Config) strip(headers [][2]string, remove func(string) error) {
	if headers == nil {
		for name := range c.names {
			_ = remove(name) // nothing can be done
		}
		return
	}
	for i := range headers {
		if !c.names[headers[i][0]] {
			continue
		}
		if err := remove(headers[i][0]); err != nil {
			log.Error("removing " + headers[i][0] + " failed: " + err.Error())
		}
	}
}

// publication sets headers of a request, or of a response.
type publication struct {
	maxLength int // bytes of a value
	set       func(name, value string) error
}

// put sets a header. An empty value is not set.
func (p *publication) put(name, value string) {
	if value == "" {
		return
	}
	if err := p.set(name, value); err != nil {
		log.Error("setting " + name + " failed: " + err.Error())
	}
}

// text sets a header to a text, control and other characters escaped.
func (p *publication) text(name, text string) {
	value := excerpt{max: p.maxLength}
	value.text(text)
	p.put(name, value.String())
}

// json sets a header to JSON, which must be valid, in its compact form.
func (p *publication) json(name, raw string) {
	value := excerpt{max: p.maxLength}
	value.json(raw)
	p.put(name, value.String())
}
