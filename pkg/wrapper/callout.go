package wrapper

import "github.com/wasmplane/wasmplane/pkg/log"

// callout is one HTTP or Redis call and the stream it was made for, if any.
type callout struct {
	plugin *plugin
	stream *stream
	id     string // for logs, drawn when the first line is written
}

func newCallout() *callout {
	return &callout{plugin: running.plugin, stream: running.stream}
}

// started notes that the host has accepted the call: its callback will run after the current callback returned.
func (c *callout) started() {
	if c.stream != nil {
		c.stream.callouts++
	}
}

// answered runs f as the entry of the call-out's callback.
func (c *callout) answered(f func()) {
	if c.plugin == nil { // called outside any entry of the SDK
		f()
		return
	}
	enter(c.plugin, c.stream)
	defer recoverCallout(c.plugin, c.stream)
	if c.stream != nil && c.stream.refused {
		return
	}
	f()
}

func (c *callout) logID() string {
	if c.id == "" {
		c.id = newUUID()
	}
	return c.id
}

// calloutLevel is the level of the lines about call-outs.
func calloutLevel() LogLevel {
	if log.IsSafeLogEnabled() {
		return LogLevelDebug
	}
	return LogLevelInfo
}

// Log lines about call-outs keep their shape, but credentials travel in headers, bodies and queries: only sizes show.

func redactedCount(n int) string { return "***(" + decimal(n) + ")" }

func redactedSize(n int) string { return "***(" + decimal(n) + " bytes)" }
