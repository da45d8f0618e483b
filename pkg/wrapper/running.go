package wrapper

// running says on whose behalf code runs. The host runs one callback of a VM at a time, and every entry of the SDK sets
// it, so one variable serves. stream is nil outside streams: plugin start, ticks and the call-outs they made.
var running struct {
	plugin *plugin
	stream *stream
	entry  uint32 // counts entries, so that caches can tell one from the next
}

// enter is the first statement of every entry. It gives the logger the id of the plugin that runs, if another one of
// this VM ran before.
func enter(p *plugin, s *stream) {
	if running.plugin != p {
		p.logger.ResetID(p.id)
		running.plugin = p
	}
	running.stream = s
	running.entry++
}
