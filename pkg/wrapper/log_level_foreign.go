//go:build !wasip1

package wrapper

func importedLogLevel() (LogLevel, bool) { return 0, false }
