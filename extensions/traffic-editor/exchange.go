package main

import (
	"slices"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm/types"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/status"
	"github.com/wasmplane/wasmplane/pkg/log"
	"github.com/wasmplane/wasmplane/pkg/wrapper"
)

const exchangeKey = "exchange"

// exchange is a request and its response under the edits of one set.
type exchange struct {
	commands []command
	taken    [][]string // by command: what copy and concat have found so far
	method   string     // of the request, as it was received
}

func onRequestHeaders(ctx wrapper.HttpContext, config Config) types.Action {
	if config.fallback == nil && config.conditional == nil {
		return types.ActionContinue
	}
	m := newRequest(wrapper.RequestHeaders(ctx))
	set := config.choose(m)
	if set == nil {
		return types.ActionContinue
	}
	if set.keepRoute {
		ctx.DisableReroute()
	}
	e := &exchange{commands: set.commands, taken: make([][]string, len(set.commands))}
	e.edit(m)
	m.write(httpheader.Writer{
		Remove: proxywasm.RemoveHttpRequestHeader, Replace: proxywasm.ReplaceHttpRequestHeader, Add: proxywasm.AddHttpRequestHeader})
	if set.responses {
		e.method = httpheader.First(m.pseudo.Received, ":method")
		ctx.SetContext(exchangeKey, e)
	}
	return types.ActionContinue
}

func onResponseHeaders(ctx wrapper.HttpContext, _ Config) types.Action {
	e, ok := ctx.GetContext(exchangeKey).(*exchange)
	if !ok {
		return types.ActionContinue
	}
	headers, err := proxywasm.GetHttpResponseHeaders()
	if err != nil {
		log.Error("the response headers cannot be read: " + err.Error())
		return types.ActionContinue
	}
	m := newResponse(headers, e.method, ctx.HasResponseBody())
	e.edit(m)
	m.write(httpheader.Writer{
		Remove: proxywasm.RemoveHttpResponseHeader, Replace: proxywasm.ReplaceHttpResponseHeader, Add: proxywasm.AddHttpResponseHeader})
	return types.ActionContinue
}

// edit runs the commands as far as they concern the message. One that fails is logged, and the rest go on.
func (e *exchange) edit(m *message) {
	for i := range e.commands {
		if err := e.run(i, m); err != nil {
			log.Warn(e.commands[i].kind + " command failed: " + err.Error())
		}
	}
}

func (e *exchange) run(i int, m *message) error {
	c := &e.commands[i]
	e.take(i, m)
	if !c.target.in(m) || !c.fits(m) {
		return nil
	}
	switch c.kind {
	case "set":
		return m.overwrite(c.target, c.value)
	case "add":
		if m.has(c.target) {
			return nil
		}
		return m.set(c.target, c.value)
	case "append":
		return m.add(c.target, c.value)
	case "copy":
		if len(e.taken[i]) == 0 || e.taken[i][0] == "" {
			return nil
		}
		return m.overwrite(c.target, e.taken[i][0])
	case "concat":
		return m.overwrite(c.target, c.join(e.taken[i]))
	case "delete":
		if !m.has(c.target) {
			return nil
		}
		return m.set(c.target)
	case "rename":
		return c.rename(m)
	}
	return c.replace(m)
}

// take keeps what copy and concat find in this message.
func (e *exchange) take(i int, m *message) {
	c := &e.commands[i]
	if c.kind == "copy" && c.source.in(m) {
		e.taken[i] = []string{m.first(c.source)}
	}
	for n := range c.parts {
		if p := &c.parts[n]; p.isRef && p.from.in(m) {
			if e.taken[i] == nil {
				e.taken[i] = make([]string, len(c.parts))
			}
			e.taken[i][n] = m.first(p.from)
		}
	}
}

// join puts the parts together; found are the values of those that are references, nil if there were none.
func (c *command) join(found []string) string {
	var all string
	for n, p := range c.parts {
		switch {
		case !p.isRef:
			all += p.text
		case found != nil:
			all += found[n]
		}
	}
	return all
}

// rename moves all values, if there are any. Nothing is done where the old name must stay, or the new one as it is; of values
// that the new name cannot have nothing is left.
func (c *command) rename(m *message) error {
	if c.source == c.target || !m.has(c.source) {
		return nil
	}
	if err := m.check(c.source, nil); err != nil {
		return err
	}
	failed := m.overwrite(c.target, m.values(c.source)...)
	if failed != nil && m.check(c.target, nil) != nil {
		return failed
	}
	if err := m.set(c.source); err != nil {
		return err
	}
	return failed
}

func (c *command) replace(m *message) error {
	values := m.values(c.target)
	replaced := make([]string, len(values))
	for n, value := range values {
		replaced[n] = c.pattern.ReplaceAllString(value, c.replacement)
	}
	if slices.Equal(values, replaced) {
		return nil
	}
	return m.overwrite(c.target, replaced...)
}

// fits tells whether the response has a status for the command.
func (c *command) fits(m *message) bool {
	return c.statuses == nil || status.MatchesAny(c.statuses, m.status())
}
