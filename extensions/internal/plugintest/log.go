package plugintest

import "github.com/wasmplane/wasmplane/pkg/log"

// Log keeps the warnings and errors of what runs outside a host, and drops other lines. Lines that are formatted are a
// fault of the test. It is not safe for concurrent use.
type Log struct {
	log.Log // nil

	Lines            []string // warnings and errors, as they came
	Warnings, Errors []string
}

// KeepLog makes a Log and has the plugins write to it from now on.
func KeepLog() *Log {
	l := &Log{}
	log.SetPluginLog(l)
	return l
}

// Trace implements log.Log, as the methods below.
func (l *Log) Trace(string) {}

// Debug drops the line.
func (l *Log) Debug(string) {}

// Info drops the line.
func (l *Log) Info(string) {}

// Warn keeps the line.
func (l *Log) Warn(line string) {
	l.Lines, l.Warnings = append(l.Lines, line), append(l.Warnings, line)
}

// Error keeps the line.
func (l *Log) Error(line string) {
	l.Lines, l.Errors = append(l.Lines, line), append(l.Errors, line)
}

// Critical keeps the line as an error.
func (l *Log) Critical(line string) { l.Error(line) }

// ResetID does nothing: lines have no id.
func (l *Log) ResetID(string) {}
