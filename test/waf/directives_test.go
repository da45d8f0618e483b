package waf

import "strings"

// directives are the rule set under test, for the middleware and for the plugin. All names of files are the module's own,
// which both know. Everything is detected and logged, nothing blocked, so that a test sees all rules that its request
// matches.
var directives = []string{
	"Include @coraza.conf-recommended",
	"Include @crs-setup.conf.example",
	`SecDefaultAction "phase:3,log,auditlog,pass"`,
	`SecDefaultAction "phase:4,log,auditlog,pass"`,
	`SecDefaultAction "phase:5,log,auditlog,pass"`,
	// What the rule set's own test set-up has: the strictest level, and the limits that some tests are about.
	strings.Join([]string{
		`SecAction "id:900005,phase:1,nolog,pass,ctl:ruleEngine=DetectionOnly,ctl:ruleRemoveById=910000`,
		"setvar:tx.blocking_paranoia_level=4", "setvar:tx.crs_validate_utf8_encoding=1",
		"setvar:tx.arg_name_length=100", "setvar:tx.arg_length=400", "setvar:tx.total_arg_length=64000",
		"setvar:tx.max_num_args=255", "setvar:tx.max_file_size=64100", `setvar:tx.combined_file_sizes=65535"`,
	}, ","),
	// go-ftw marks the place of a test in the log with a request before and one after it.
	`SecRule REQUEST_HEADERS:X-CRS-Test "@rx ^.*$" ` +
		`"id:999999,phase:1,pass,t:none,log,msg:'X-CRS-Test %{MATCHED_VAR}',ctl:ruleRemoveById=1-999999"`,
	"Include @owasp_crs/*.conf",
}
