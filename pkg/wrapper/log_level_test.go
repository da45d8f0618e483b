package wrapper

import (
	"testing"
	"time"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// levelHost is a host whose log level and time the test sets.
type levelHost struct {
	t     *testing.T
	host  *host
	level byte
	asked int
	looks int // at the clock
	now   time.Duration
}

func newLevelHost(t *testing.T) *levelHost {
	t.Helper()
	l := &levelHost{t: t, host: start(t, hostSetup{config: `{}`}), level: byte(LogLevelWarn), now: time.Hour}
	l.host.RegisterForeignFunction("get_log_level", func([]byte) []byte {
		l.asked++
		return []byte{l.level, 0, 0, 0}
	})
	levelClock = func() time.Duration { l.looks++; return l.now }
	t.Cleanup(func() { levelClock = sinceStart })
	forgetLogLevel()
	return l
}

// line enters the plugin and reports whether a line at info level got out.
func (l *levelHost) line() bool {
	before := len(l.host.GetInfoLogs())
	running.entry++
	log.Info("text")
	written := len(l.host.GetInfoLogs()) > before
	if LogEnabled(LogLevelInfo) != written {
		l.t.Errorf("LogEnabled says %v of a line for which %v is true", !written, written)
	}
	return written
}

func TestAChangeOfTheLogLevelTakesEffectWithinASecond(t *testing.T) {
	l := newLevelHost(t)
	if l.line() {
		t.Error("a line below the level was written")
	}
	l.level = byte(LogLevelInfo)
	l.now += levelLifetime - 1
	if l.line() || l.asked != 1 {
		t.Errorf("the level was asked %d times within its lifetime", l.asked)
	}
	l.now++
	if !l.line() || l.asked != 2 {
		t.Errorf("after its lifetime the level was asked %d times in all", l.asked)
	}
}

func TestABusyPluginSeldomLooksAtTheClock(t *testing.T) {
	l := newLevelHost(t)
	const entries = 1000
	for range entries {
		l.line()
		log.Info("a second line of the same entry")
		l.now += 10 * time.Microsecond
	}
	if l.asked != 1 || l.looks > entries/maxUnread+6 {
		t.Errorf("%d entries asked the level %d times and looked at the clock %d times", entries, l.asked, l.looks)
	}
	l.level = byte(LogLevelInfo)
	l.now += time.Minute
	for n := 0; !l.line(); n++ {
		if n > maxUnread {
			t.Fatalf("the new level is not in effect after %d entries", n)
		}
	}
}

func TestAnIdlePluginLooksAtTheClockAtEachEntry(t *testing.T) {
	l := newLevelHost(t)
	for range 100 {
		l.line()
		l.now += time.Millisecond
	}
	for range 10 * maxUnread {
		l.line()
		l.now += 2 * busyTime
	}
	l.level = byte(LogLevelInfo)
	l.now += levelLifetime
	if !l.line() {
		t.Error("the new level is not in effect at the next entry")
	}
}
