package module

// The SDK imports the host function that tells the log level under the name of a WASI function that every host has and
// that Go's runtime does not import, because test hosts lack the function itself (pkg/wrapper/log_level_import.go).
const (
	logLevelStandInModule = "wasi_snapshot_preview1"
	logLevelStandIn       = "fd_datasync"
	logLevelModule        = "env"
	logLevelFunction      = "proxy_get_log_level"
)

// importLogLevel gives the SDK's import its own name. Only a function from an i32 to an i32 can be the stand-in, and
// both have that type.
func (m *Module) importLogLevel() {
	for i := range m.Imports {
		if m.Imports[i].Module == logLevelStandInModule && m.Imports[i].Name == logLevelStandIn {
			m.renameImport(i, logLevelModule, logLevelFunction)
		}
	}
}

// renameImport changes what import number i is called.
func (m *Module) renameImport(i int, module, name string) {
	body := m.body(sectionImport)
	r := reader{data: body}
	r.count()
	for n := 0; r.err == nil; n++ {
		start := len(body) - len(r.data)
		r.name()
		r.name()
		rest := r.data
		if n == i {
			renamed := appendName(appendName(append([]byte(nil), body[:start]...), module), name)
			m.setBody(sectionImport, append(renamed, rest...))
			m.Imports[i].Module, m.Imports[i].Name = module, name
			return
		}
		r.importDescription()
	}
}
