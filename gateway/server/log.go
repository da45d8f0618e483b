package server

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
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
	mu    sync.Mutex
	out   io.Writer
	lines ring[LogLine]
}

func (l *logger) write(level abi.LogLevel, text string) {
	line := LogLine{Time: time.Now(), Level: level.String(), Text: text}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.add(line)
	fmt.Fprintf(l.out, "[%s][%s] %s\n", line.Time.Format("2006-01-02 15:04:05.000"), line.Level, text)
}

func (l *logger) infof(format string, args ...any) {
	l.write(abi.LogInfo, fmt.Sprintf(format, args...))
}
func (l *logger) warnf(format string, args ...any) {
	l.write(abi.LogWarn, fmt.Sprintf(format, args...))
}
func (l *logger) errorf(format string, args ...any) {
	l.write(abi.LogError, fmt.Sprintf(format, args...))
}

func (l *logger) recent() []LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.all()
}

// accessLog writes entries as JSON lines and keeps the last ones.
type accessLog struct {
	mu      sync.Mutex
	out     io.Writer
	entries ring[AccessLogEntry]
	changed chan struct{} // closed and replaced on every entry
}

func (a *accessLog) write(entry AccessLogEntry) {
	line, err := json.Marshal(entry)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.entries.add(entry)
	close(a.changed)
	a.changed = make(chan struct{})
	if err == nil {
		a.out.Write(append(line, '\n'))
	}
}

func (a *accessLog) recent() ([]AccessLogEntry, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.entries.all(), a.changed
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
