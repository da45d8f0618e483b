package wrapper

import (
	"fmt"

	"github.com/higress-group/proxy-wasm-go-sdk/proxywasm"

	"github.com/wasmplane/wasmplane/pkg/log"
)

// LogLevel is the severity of a line; hosts also know 6, off.
type LogLevel uint32

// The levels.
const (
	LogLevelTrace LogLevel = iota
	LogLevelDebug
	LogLevelInfo
	LogLevelWarn
	LogLevelError
	LogLevelCritical
)

// DefaultLog writes lines of the form `[plugin name] [plugin id] [request id] message`. Lines below the host's level
// are neither formatted nor sent.
type DefaultLog struct {
	pluginName string
	pluginID   string
}

var _ log.Log = (*DefaultLog)(nil)

// ResetID sets the plugin id; without one, lines say `nil`.
func (l *DefaultLog) ResetID(pluginID string) { l.pluginID = pluginID }

func (l *DefaultLog) write(level LogLevel, msg string) {
	if !levelEnabled(level) {
		return
	}
	line := "[" + l.pluginName + "] [" + orNil(l.pluginID) + "] [" + requestID() + "] " + msg
	switch level {
	case LogLevelTrace:
		proxywasm.LogTrace(line)
	case LogLevelDebug:
		proxywasm.LogDebug(line)
	case LogLevelInfo:
		proxywasm.LogInfo(line)
	case LogLevelWarn:
		proxywasm.LogWarn(line)
	case LogLevelError:
		proxywasm.LogError(line)
	default:
		proxywasm.LogCritical(line)
	}
}

// writef formats the message by itself: the prefix holds the request id, which a client may have chosen.
func (l *DefaultLog) writef(level LogLevel, format string, args []interface{}) {
	if levelEnabled(level) {
		l.write(level, fmt.Sprintf(format, args...))
	}
}

// Trace writes msg at trace level.
func (l *DefaultLog) Trace(msg string) { l.write(LogLevelTrace, msg) }

// Tracef formats and writes at trace level.
func (l *DefaultLog) Tracef(format string, args ...interface{}) {
	l.writef(LogLevelTrace, format, args)
}

// Debug writes msg at debug level.
func (l *DefaultLog) Debug(msg string) { l.write(LogLevelDebug, msg) }

// Debugf formats and writes at debug level.
func (l *DefaultLog) Debugf(format string, args ...interface{}) {
	l.writef(LogLevelDebug, format, args)
}

// Info writes msg at info level.
func (l *DefaultLog) Info(msg string) { l.write(LogLevelInfo, msg) }

// Infof formats and writes at info level.
func (l *DefaultLog) Infof(format string, args ...interface{}) { l.writef(LogLevelInfo, format, args) }

// Warn writes msg at warn level.
func (l *DefaultLog) Warn(msg string) { l.write(LogLevelWarn, msg) }

// Warnf formats and writes at warn level.
func (l *DefaultLog) Warnf(format string, args ...interface{}) { l.writef(LogLevelWarn, format, args) }

// Error writes msg at error level.
func (l *DefaultLog) Error(msg string) { l.write(LogLevelError, msg) }

// Errorf formats and writes at error level.
func (l *DefaultLog) Errorf(format string, args ...interface{}) {
	l.writef(LogLevelError, format, args)
}

// Critical writes msg at critical level.
func (l *DefaultLog) Critical(msg string) { l.write(LogLevelCritical, msg) }

// Criticalf formats and writes at critical level.
func (l *DefaultLog) Criticalf(format string, args ...interface{}) {
	l.writef(LogLevelCritical, format, args)
}

func orNil(s string) string {
	if s == "" {
		return "nil"
	}
	return s
}

func requestID() string {
	if running.stream == nil {
		return "nil"
	}
	return running.stream.requestIDForLog()
}
