package server

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
)

// keptLines is how many log lines and access log entries the console and tests can look back at.
const keptLines = 1000

// LogLine is one line of the gateway's log.
type LogLine struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// logger writes the gateway's log and keeps its last lines. It is safe for concurrent use.
type logger struct {
	threshold atomic.Uint32 // an abi.LogLevel, for the gateway's own lines

	mu    sync.Mutex
	out   io.Writer
	lines ring[LogLine]
}

func newLogger(out io.Writer, level abi.LogLevel) *logger {
	l := &logger{out: out}
	l.setLevel(level)
	return l
}

func (l *logger) level() abi.LogLevel         { return abi.LogLevel(l.threshold.Load()) }
func (l *logger) setLevel(level abi.LogLevel) { l.threshold.Store(uint32(level)) }

// write writes a line of any level: those of plugins have passed a threshold of their own.
func (l *logger) write(level abi.LogLevel, text string) {
	line := LogLine{Time: time.Now(), Level: level.String(), Text: text}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.add(line)
	fmt.Fprintf(l.out, "[%s][%s] %s\n", line.Time.Format("2006-01-02 15:04:05.000"), line.Level, text)
}

// logf writes a line of the gateway's own.
func (l *logger) logf(level abi.LogLevel, format string, args ...any) {
	if level >= l.level() {
		l.write(level, fmt.Sprintf(format, args...))
	}
}

func (l *logger) infof(format string, args ...any)  { l.logf(abi.LogInfo, format, args...) }
func (l *logger) warnf(format string, args ...any)  { l.logf(abi.LogWarn, format, args...) }
func (l *logger) errorf(format string, args ...any) { l.logf(abi.LogError, format, args...) }

func (l *logger) recent() []LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.all()
}

// ring keeps the last keptLines items.
type ring[T any] struct {
	items []T
	next  int
}

func (r *ring[T]) add(item T) {
	if len(r.items) < keptLines {
		r.items = append(r.items, item)
		return
	}
	r.items[r.next] = item
	r.next = (r.next + 1) % keptLines
}

func (r *ring[T]) all() []T {
	return append(append([]T(nil), r.items[r.next:]...), r.items[:r.next]...)
}

// parseLevel reads a level as Envoy's command line and /logging spell it.
func parseLevel(name string) (abi.LogLevel, error) {
	level, ok := abi.ParseLogLevel(name)
	if !ok {
		return 0, fmt.Errorf("log level must be one of trace, debug, info, warning, error, critical, off, not %q", name)
	}
	return level, nil
}
