//go:build !wasm || !wasmplane_log_level_import

package wrapper

func importedLogLevel() (LogLevel, bool) { return 0, false }
