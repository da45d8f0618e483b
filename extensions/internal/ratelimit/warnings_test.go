package ratelimit

import (
	"testing"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// warnings keeps what the package warns of. Nothing else is ever logged.
type warnings struct {
	log.Log
	lines []string
}

func (w *warnings) Warn(msg string) { w.lines = append(w.lines, msg) }

// warned returns where warnings go from now on.
func warned(t testing.TB) *warnings {
	t.Helper()
	w := &warnings{}
	log.SetPluginLog(w)
	return w
}
