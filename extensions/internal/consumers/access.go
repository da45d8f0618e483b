package consumers

// Access says who may pass. It belongs to a configuration, or to a rule of it, and is never changed after loading.
type Access struct {
	mode   mode
	allow  []string // the names, as configured; only with modeAllowed
	names  map[string]bool
	alone  bool // the global configuration, and there are no rules
	always bool // global_auth is true
	strip  bool
	reply  *Refusal // to internal errors
}

type mode int

const (
	modeOpen    mode = iota // no authentication
	modeAny                 // any caller
	modeAllowed             // callers in allow
)

// Required tells whether the caller must authenticate.
func (a *Access) Required() bool { return a.mode != modeOpen }

// Alone tells whether this is the global configuration of a plugin without rules.
func (a *Access) Alone() bool { return a.alone }

// Allows tells whether an authenticated caller may pass. A caller without a name never satisfies an allow list.
func (a *Access) Allows(name string) bool {
	return a.mode != modeAllowed || name != "" && a.names[name]
}

// Allowed returns the names of the allow list as they were configured, and nil where there is none. The list is shared.
func (a *Access) Allowed() []string { return a.allow }

func (a *Access) allowOnly(names []string) {
	a.mode, a.allow, a.names = modeAllowed, names, make(map[string]bool, len(names))
	for _, name := range names {
		a.names[name] = true
	}
}
