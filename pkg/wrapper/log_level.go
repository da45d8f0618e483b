package wrapper

import (
	"encoding/binary"
	"time"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"
)

// The host's log level, as last asked. It is asked at most once a second, and only when a line is about to be written:
// a change of level takes effect within that time, and a line below the level costs next to nothing. Looking at the
// clock is itself a host call, so a plugin that is busy does it only every few entries.
//
// Hosts offer the level in two ways. Higress has the foreign function get_log_level. Every host of ABI 0.2.1 and later
// has the import proxy_get_log_level, which modules have that wasmplane build made (log_level_import.go). A host that
// offers neither is sent every line and filters by itself.
var hostLevel struct {
	level   LogLevel
	asked   bool
	absent  bool
	askedAt time.Duration

	entry  uint32        // the entry in which the clock was last looked at
	at     time.Duration // what it said
	unread uint32        // entries after that one which do without the clock
}

const (
	levelLifetime = time.Second
	// A plugin whose entries since the last look at the clock took no longer than busyTime may do without it for twice
	// as many entries as before, up to maxUnread.
	busyTime  = 10 * time.Millisecond
	maxUnread = 31
)

// levelClock is replaced in tests.
var levelClock = sinceStart

// forgetLogLevel has the level asked again at the next line.
func forgetLogLevel() {
	hostLevel.asked, hostLevel.absent = false, false
}

// LogEnabled reports whether lines of a level are written at present. The log functions ask it by themselves; a plugin
// asks before it puts a line together that most requests would throw away.
func LogEnabled(level LogLevel) bool { return levelEnabled(level) }

func levelEnabled(level LogLevel) bool {
	if !hostLevel.asked || running.entry-hostLevel.entry > hostLevel.unread {
		refreshLogLevel()
	}
	return hostLevel.absent || level >= hostLevel.level
}

func refreshLogLevel() {
	if hostLevel.absent {
		return
	}
	h := &hostLevel
	now := levelClock()
	if now-h.at <= busyTime {
		h.unread = min(2*h.unread+1, maxUnread)
	} else {
		h.unread = 0
	}
	h.entry, h.at = running.entry, now
	if h.asked && now-h.askedAt < levelLifetime {
		return
	}
	h.level, h.asked = askLogLevel()
	h.absent, h.askedAt = !h.asked, now
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
