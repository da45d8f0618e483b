package wrapper

import (
	"encoding/binary"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// The host's log level, as last asked. It is asked at most once a second, and only when a line is about to be written:
// a change of level takes effect within that time, and a line below the level costs next to nothing.
//
// Hosts offer the level in two ways. Higress has the foreign function get_log_level. Every host of ABI 0.2.1 and later
// has the import proxy_get_log_level, but a module that imports it does not load in test hosts that lack it, so it is
// used only by builds with the tag wasmplane_log_level_import. A host that offers neither is sent every line and
// filters by itself.
var hostLevel struct {
	level   LogLevel
	asked   bool
	absent  bool
	entry   uint32
	askedAt time.Duration
}

const levelLifetime = time.Second

// forgetLogLevel has the level asked again at the next line.
func forgetLogLevel() {
	hostLevel.asked, hostLevel.absent = false, false
}

func levelEnabled(level LogLevel) bool {
	if hostLevel.absent {
		return true
	}
	if hostLevel.asked && hostLevel.entry == running.entry {
		return level >= hostLevel.level
	}
	now := sinceStart()
	if hostLevel.asked && now-hostLevel.askedAt < levelLifetime {
		hostLevel.entry = running.entry
		return level >= hostLevel.level
	}
	current, ok := askLogLevel()
	hostLevel.absent = !ok
	hostLevel.asked, hostLevel.level = ok, current
	hostLevel.entry, hostLevel.askedAt = running.entry, now
	return !ok || level >= current
}

func askLogLevel() (LogLevel, bool) {
	if level, ok := importedLogLevel(); ok {
		return level, true
	}
	answer, err := proxywasm.CallForeignFunction("get_log_level", nil)
	if err != nil || len(answer) < 4 {
		return 0, false
	}
	return LogLevel(binary.LittleEndian.Uint32(answer)), true
}
