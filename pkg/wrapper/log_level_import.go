//go:build wasm && wasmplane_log_level_import

package wrapper

//go:wasmimport env proxy_get_log_level
func proxyGetLogLevel(level *uint32) uint32

func importedLogLevel() (LogLevel, bool) {
	var level uint32
	status := proxyGetLogLevel(&level)
	return LogLevel(level), status == 0
}
