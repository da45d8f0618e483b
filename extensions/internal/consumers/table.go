package consumers

import "github.com/wasmplane/wasmplane/extensions/internal/field"

// Table is how one plugin reads what all of them have in common. A is the type of its own fields.
type Table[A any] struct {
	// Plugin is the plugin's name. Details of internal errors begin with it.
	Plugin string

	// Parse reads the plugin's own fields: its callers and whatever stands beside them. It is called for the global
	// configuration and for rules with callers of their own. It returns nil, and no error, where there are no callers;
	// whether that will do is decided by the table.
	Parse func(config field.Object) (*A, error)

	// Own are the fields of which any makes a rule an authentication of its own ("consumers", "credentials"). Such a
	// rule inherits none of the global configuration's own fields, is enforced whatever global_auth says, and lets all
	// its callers pass; an allow beside them is ignored. Without Own, callers are global only.
	Own []string

	// Ignored and Refused are the plugin's other fields. They stand beside callers: a rule without callers of its own takes
	// them from the global configuration, and has no say in them. One of Ignored, which Higress' plugin loads there, is
	// logged as an error; one of Refused makes the rule a load error, because whoever wrote it relies on it.
	Ignored, Refused []string

	// BareRule is what becomes of a rule that has no names in allow, no callers of its own, and is not disabled.
	BareRule BareRule

	// ChecksUnmatched: where global_auth is not set, requests that match no rule need any consumer although rules exist.
	// Otherwise they need none.
	ChecksUnmatched bool

	// IgnoresDisable: `_disable_` means nothing to this plugin.
	IgnoresDisable bool

	// Known tells whether a name in an allow list is a caller's. If set, the others are warned of when the configuration
	// is loaded. They never match in any case.
	Known func(auth *A, name string) bool

	// Internal is the reply to a request about which nothing can be decided because the host fails. Its zero value stands
	// for status 500, an empty body and the details "<plugin>.internal_error".
	Internal Refusal
}

// BareRule is the meaning of a rule that says nothing of who may pass.
type BareRule int

const (
	// BareRuleRefused makes it a load error: "allow is required" or "allow cannot be empty".
	BareRuleRefused BareRule = iota
	// BareRuleDenies lets nobody pass, and logs an error at load. For plugins whose predecessors loaded such rules and
	// denied: to refuse them would open the gateway under FAIL_OPEN.
	BareRuleDenies
	// BareRuleFollowsGlobal lets any consumer pass if global_auth is true, and asks for no authentication otherwise. An
	// empty list is warned of.
	BareRuleFollowsGlobal
)
