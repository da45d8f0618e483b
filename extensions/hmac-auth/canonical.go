package main

import (
	"slices"
	"strings"

	"github.com/wasmplane/wasmplane/extensions/internal/httpheader"
	"github.com/wasmplane/wasmplane/extensions/internal/signature"
)

const (
	headerKey       = "x-ca-key"
	headerSignature = "x-ca-signature"
	headerNames     = "x-ca-signature-headers"
	headerMethod    = "x-ca-signature-method"
	headerTimestamp = "x-ca-timestamp"
	headerNonce     = "x-ca-nonce"
	headerDate      = "date"
	headerMD5       = "content-md5"
	contentType     = "content-type"
	prefix          = "x-ca-"
)

// always are the five lines with which each string to sign begins.
var always = [...]string{":method", "accept", headerMD5, contentType, headerDate}

// maxSigned is how many names the client may list.
const maxSigned = 512

// names are those of the headers that the client says he has signed besides the five.
type names struct {
	asListed []string // in lower case, sorted, with the spaces around them
	trimmed  []string // the same without spaces; nil where there are none
	usable   bool
}

// parseNames reads x-ca-signature-headers. A name that no header can have makes it unusable: nothing but an attempt to
// have a line of the path read as one of a header lists such.
func parseNames(list string) names {
	n := names{usable: strings.Count(list, ",") < maxSigned}
	if !n.usable {
		return n
	}
	spaced := false
	var trimmed []string
	for list != "" {
		var name string
		name, list, _ = strings.Cut(strings.ToLower(list), ",")
		if name == "" {
			continue
		}
		bare := strings.Trim(name, " \t")
		if !httpheader.IsNameOrPseudo(bare) && bare != "" {
			return names{}
		}
		spaced = spaced || bare != name
		if isListable(name) {
			n.asListed = append(n.asListed, name)
		}
		if bare != "" && isListable(bare) {
			trimmed = append(trimmed, bare)
		}
	}
	slices.Sort(n.asListed)
	if spaced {
		slices.Sort(trimmed)
		n.trimmed = trimmed
	}
	return n
}

func isListable(name string) bool {
	return name != headerSignature && name != headerNames && !slices.Contains(always[:], name)
}

// exact returns the names of headers: those without spaces around them.
func (n *names) exact() []string {
	if n.trimmed != nil {
		return n.trimmed
	}
	return n.asListed
}

// holds tells whether a header is signed.
func (n *names) holds(name string) bool {
	return slices.Contains(always[:], name) || slices.Contains(n.exact(), name)
}

// stringToSign builds the text that is signed. conflicting tells that one of the headers in it comes with several values.
func stringToSign(headers [][2]string, signed []string, path string, list []parameter) (text string, conflicting bool) {
	var b strings.Builder
	for _, name := range always {
		value, presence := signature.Header(headers, name)
		conflicting = conflicting || presence == signature.Conflicting
		b.WriteString(value)
		b.WriteByte('\n')
	}
	for _, name := range signed {
		value, presence := signature.Header(headers, name)
		conflicting = conflicting || presence == signature.Conflicting
		b.WriteString(name)
		b.WriteByte(':')
		b.WriteString(value)
		b.WriteByte('\n')
	}
	b.WriteString(path)
	for i, p := range list {
		divider := byte('&')
		if i == 0 {
			divider = '?'
		}
		b.WriteByte(divider)
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String(), conflicting
}
