package main

import (
	"strconv"
	"strings"
)

// bounds are what a request may have for the rules of the Core Rule Set to examine: they take time in proportion to the
// bytes, and to the number of the things, that they examine. 0 is no bound.
type bounds struct {
	argumentBytes int64 // of arguments, of cookies, of the path, and of the names of parts, each
	cookies       int64
}

// Numbers of the rules that the bounds are.
const (
	argumentBytesRule = 200100 + iota
	cookiesRule
	cookieBytesRule
	pathBytesRule
	unexaminedRule
	partBytesRule
)

const boundMarker = "END-OF-DIRECTIVES"

// Variables of the transaction, in TX, that the plugin counts for the rules of the bounds.
const (
	cookieBytesVariable = "waf_cookie_bytes"
	partBytesVariable   = "waf_part_bytes"
	unexaminedVariable  = "waf_unexamined"
)

// directives are the rules of the bounds. They come before the rules of the Core Rule Set. Where the engine only detects,
// the remaining rules of the phase are skipped, and those of phase 2 if the headers have too much.
func (b bounds) directives() string {
	var d strings.Builder
	rule := func(phase, id int, variable string, limit int64, transformation, actions, message string) {
		d.WriteString("SecRule " + variable + ` "@gt ` + strconv.FormatInt(limit, 10) + `" "id:` + strconv.Itoa(id) + ",phase:" +
			strconv.Itoa(phase) + ",t:none," + transformation + "deny,status:403,log,severity:2," + actions + "skipAfter:" + boundMarker +
			",msg:'" + message + "',logdata:'%{MATCHED_VAR}'\"\n")
	}
	const headers = "setvar:tx." + unexaminedVariable + "=1,"
	if b.cookies > 0 {
		rule(1, cookiesRule, "&REQUEST_COOKIES", b.cookies, "", headers, "More cookies than max_cookies")
	}
	if b.argumentBytes > 0 {
		rule(1, cookieBytesRule, "TX:"+cookieBytesVariable, b.argumentBytes, "", headers, "More bytes in cookies than max_argument_bytes")
		rule(1, pathBytesRule, "REQUEST_FILENAME", b.argumentBytes, "t:length,", headers, "More bytes in the path than max_argument_bytes")
	}
	if d.Len() > 0 {
		d.WriteString("SecRule TX:" + unexaminedVariable + ` "@eq 1" "id:` + strconv.Itoa(unexaminedRule) +
			",phase:2,t:none,pass,nolog,skipAfter:" + boundMarker + "\"\n")
	}
	if b.argumentBytes > 0 {
		rule(2, partBytesRule, "TX:"+partBytesVariable, b.argumentBytes, "", "", "More bytes in names of parts than max_argument_bytes")
		rule(2, argumentBytesRule, "ARGS_COMBINED_SIZE", b.argumentBytes, "", "", "More bytes in arguments than max_argument_bytes")
	}
	return d.String()
}

// cookieBytes is the length of all cookie headers together.
func cookieBytes(headers [][2]string) (bytes int) {
	for i := range headers {
		if headers[i][0] == "cookie" {
			bytes += len(headers[i][1])
		}
	}
	return bytes
}
