// Package log is the plugin's logger: the Log interface, and package functions that write to the one logger the
// plugin registered. wrapper.SetCtx registers it; a program that does not use wrapper calls SetPluginLog itself or
// gets plain lines without a prefix.
package log

// Log writes lines at six levels. The …f forms take a fmt format; they format only when the level is enabled.
// Implementations need not be safe for concurrent use: a Wasm VM runs one callback at a time.
type Log interface {
	Trace(msg string)
	Tracef(format string, args ...interface{})
	Debug(msg string)
	Debugf(format string, args ...interface{})
	Info(msg string)
	Infof(format string, args ...interface{})
	Warn(msg string)
	Warnf(format string, args ...interface{})
	Error(msg string)
	Errorf(format string, args ...interface{})
	Critical(msg string)
	Criticalf(format string, args ...interface{})
	// ResetID sets the plugin id that stands in every line from now on.
	ResetID(pluginID string)
}

var (
	pluginLog   Log = unprefixed{}
	safeLogging bool
)

// SetPluginLog makes log the logger of the package functions. A nil log is ignored.
func SetPluginLog(log Log) {
	if log == nil {
		return
	}
	pluginLog = log
}

// SetSafeLogEnabled switches safe mode, in which UnsafeInfo and UnsafeInfof write at debug level.
func SetSafeLogEnabled(enabled bool) { safeLogging = enabled }

// IsSafeLogEnabled reports whether safe mode is on. It is off until SetSafeLogEnabled(true).
func IsSafeLogEnabled() bool { return safeLogging }

// Trace writes msg at trace level.
func Trace(msg string) { pluginLog.Trace(msg) }

// Tracef formats and writes at trace level.
func Tracef(format string, args ...interface{}) { pluginLog.Tracef(format, args...) }

// Debug writes msg at debug level.
func Debug(msg string) { pluginLog.Debug(msg) }

// Debugf formats and writes at debug level.
func Debugf(format string, args ...interface{}) { pluginLog.Debugf(format, args...) }

// Info writes msg at info level.
func Info(msg string) { pluginLog.Info(msg) }

// Infof formats and writes at info level.
func Infof(format string, args ...interface{}) { pluginLog.Infof(format, args...) }

// Warn writes msg at warn level.
func Warn(msg string) { pluginLog.Warn(msg) }

// Warnf formats and writes at warn level.
func Warnf(format string, args ...interface{}) { pluginLog.Warnf(format, args...) }

// Error writes msg at error level.
func Error(msg string) { pluginLog.Error(msg) }

// Errorf formats and writes at error level.
func Errorf(format string, args ...interface{}) { pluginLog.Errorf(format, args...) }

// Critical writes msg at critical level.
func Critical(msg string) { pluginLog.Critical(msg) }

// Criticalf formats and writes at critical level.
func Criticalf(format string, args ...interface{}) { pluginLog.Criticalf(format, args...) }

// UnsafeInfo writes a line that may hold user data: at info level, in safe mode at debug level with a newline in front.
func UnsafeInfo(msg string) {
	if safeLogging {
		pluginLog.Debug("\n" + msg)
		return
	}
	pluginLog.Info(msg)
}

// UnsafeInfof is UnsafeInfo with formatting.
func UnsafeInfof(format string, args ...interface{}) {
	if safeLogging {
		pluginLog.Debugf("\n"+format, args...)
		return
	}
	pluginLog.Infof(format, args...)
}
