package wrapper

import "github.com/wasmplane/wasmplane/pkg/internal/hostcall"

// Detached runs f at once, and call-outs started in it, of HTTP and of Redis, belong to the plugin rather than to the
// stream: their callbacks run also when the stream has ended before the answer came. So a lock is released and a cache
// refreshed although the client has gone.
//
// Such a callback has no stream. It must not use the stream's context, headers or bodies, nor answer or resume it; call-outs
// that it starts are detached too. Outside streams Detached only runs f.
func Detached(f func()) {
	s := running.stream
	if s == nil {
		f()
		return
	}
	active := hostcall.ActiveContext()
	defer func() {
		running.stream = s
		hostcall.SetActiveContext(active)
	}()
	running.stream = nil
	hostcall.SetActiveContext(s.plugin.contextID)
	f()
}
