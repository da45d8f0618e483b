package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/refusal"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

// answer says what becomes of the service's answer.
type answer struct {
	success      statuses
	upstream     selection // of the answer's headers, for the request that passes
	client       selection // of the answer's headers, for the refusal
	all          bool      // of them, instead of client
	keepsClients bool      // a client's own copies of upstream are not removed
	asksConsumer bool      // the service is told the consumer that an earlier plugin has found
}

func (a *answer) parse(o field.Object) (err error) {
	if a.upstream, _, err = parseSelection(o, "allowed_upstream_headers"); err != nil {
		return err
	}
	selected, set, err := parseSelection(o, "allowed_client_headers")
	a.client, a.all = selected, !set
	return err
}

// decide lets a held request pass, or refuses it. It reports whether it passes; the caller resumes it then.
func (c *check) decide(status int, headers wrapper.Header, body []byte) bool {
	config := c.config
	if config.answer.success.has(status) {
		return c.admit(headers, false)
	}
	log.Error("failed to call ext auth server, status: " + strconv.Itoa(status))
	failed := status < 200 || status > 499
	switch {
	case failed && config.allowFailures:
		return c.admit(nil, config.markFailures)
	case failed:
		status = int(config.statusOnError)
	}
	refusal.Send(uint32(status), unauthorized, config.answer.forClient(headers), body)
	return false
}

// forClient are the headers of an answer that a refusal has. Of repeated ones the first line counts, but of cookies all.
func (a *answer) forClient(headers wrapper.Header) [][2]string {
	var list [][2]string
	for name, values := range copied(headers) {
		if !a.all && !a.client.has(name) {
			continue
		}
		for _, value := range values {
			list = append(list, [2]string{name, value})
		}
	}
	slices.SortStableFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list
}

// copied returns the headers of an answer that may be part of another message, by their names in lower case, with the lines
// of each that count.
func copied(headers wrapper.Header) map[string][]string {
	lines := make(map[string][]string, len(headers))
	for key, values := range headers {
		name := strings.ToLower(key)
		values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return !isValue(value) })
		if neverCopied(name) || len(values) == 0 {
			continue
		}
		if name != "set-cookie" {
			values = values[:1]
		}
		lines[name] = values
	}
	return lines
}

// admit changes the headers of a request that passes. It is false if they cannot be changed: then the request is refused.
func (c *check) admit(headers wrapper.Header, mark bool) bool {
	var edits edits
	a := &c.config.answer
	given := map[string][]string{}
	if !a.upstream.empty() {
		given = copied(headers)
		maps.DeleteFunc(given, func(name string, _ []string) bool { return !a.upstream.has(name) })
	}
	if !a.keepsClients {
		for i := range c.request.headers {
			name := c.request.headers[i][0]
			if _, replaced := given[name]; !replaced && a.forged(name) {
				edits.remove(name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		edits.replace(name, given[name])
	}
	if mark {
		edits.replace(failureHeader, []string{"true"})
	}
	return edits.apply(c.ctx)
}

// forged tells whether a header of the request says what only the service may say, by its name in lower case.
func (a *answer) forged(name string) bool {
	if name == httpheader.Consumer {
		return !a.asksConsumer || a.upstream.has(name)
	}
	if httpheader.IsConsumer(name) {
		return true
	}
	return a.upstream.has(name) && !clientsOwn(name)
}

// edits are changes of the request's headers. The zero value has none.
type edits struct {
	removed  []string
	replaced []string // names
	values   [][]string
}

func (e *edits) remove(name string) { e.removed = append(e.removed, name) }

func (e *edits) replace(name string, values []string) {
	e.replaced, e.values = append(e.replaced, name), append(e.values, values)
}

// apply changes the headers of the current stream, which keeps its route. Where that fails the request is refused.
func (e *edits) apply(ctx wrapper.HttpContext) bool {
	if len(e.removed) == 0 && len(e.replaced) == 0 {
		return true
	}
	ctx.DisableReroute()
	err := e.write()
	if err != nil {
		log.Error("the request's headers cannot be changed: " + err.Error())
		refusal.Send(500, internalError, nil, nil)
	}
	return err == nil
}

func (e *edits) write() error {
	for _, name := range e.removed {
		if err := proxywasm.RemoveHttpRequestHeader(name); err != nil {
			return err
		}
	}
	for i, name := range e.replaced {
		if err := proxywasm.ReplaceHttpRequestHeader(name, e.values[i][0]); err != nil {
			return err
		}
		for _, value := range e.values[i][1:] {
			if err := proxywasm.AddHttpRequestHeader(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}
