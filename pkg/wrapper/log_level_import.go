//go:build wasip1

package wrapper

// proxyGetLogLevel is the host function proxy_get_log_level under a name that every host and test host has: a module
// that imported it by its own name would not load where it is missing. The link step of wasmplane build gives the
// import its own name. Without that step it is fd_datasync of a file descriptor that does not exist (addresses of
// variables are greater than file descriptors), which fails and does nothing.
//
// Source: proxy-wasm ABI 0.2.1 (proxy_get_log_level); WASI preview 1 (fd_datasync).
//
//go:wasmimport wasi_snapshot_preview1 fd_datasync
func proxyGetLogLevel(level *uint32) uint32

func importedLogLevel() (LogLevel, bool) {
	var level uint32
	status := proxyGetLogLevel(&level)
	return LogLevel(level), status == 0
}
