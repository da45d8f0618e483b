package main

import "strings"

// ignored are directives that never reach the engine. Where it would write to files, and how, is not the
// configuration's business: there are none in a proxy. SecRequestBodyInMemoryLimit is left out because the engine, where
// it has no files, gives up on a body that is longer, without examining it; left out, it is SecRequestBodyLimit.
var ignored = map[string]bool{
	"secrequestbodyinmemorylimit": true,
	"secdebuglog":                 true,
	"secauditlog":                 true,
	"secauditlogtype":             true,
	"secauditlogformat":           true,
	"secauditlogstoragedir":       true,
	"secauditlogdirmode":          true,
	"secauditlogfilemode":         true,
}

// withoutIgnored removes the ignored directives from SecLang text. Lines that continue another are never taken for a
// directive: those of an action list, and the entries of a SecDataset.
func withoutIgnored(text string) string {
	var kept strings.Builder
	var continued, inBackticks, dropping bool
	for len(text) > 0 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		trimmed := strings.TrimSpace(line)
		isText := trimmed != "" && trimmed[0] != '#' // comments neither begin nor end anything
		if isText && !continued && !inBackticks {
			name, _, _ := strings.Cut(trimmed, " ")
			dropping = ignored[strings.ToLower(name)]
		}
		if !dropping {
			kept.WriteString(line)
			kept.WriteByte('\n')
		}
		if !isText {
			continue
		}
		switch {
		case !inBackticks && trimmed[len(trimmed)-1] == '`':
			inBackticks = true
		case inBackticks && trimmed[0] == '`':
			inBackticks = false
		}
		continued = !inBackticks && trimmed[len(trimmed)-1] == '\\'
		dropping = dropping && continued
	}
	return kept.String()
}
