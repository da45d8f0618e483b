package consumers

import "strings"

// MaxCredential is the longest credential that is looked at, in bytes: tokens, keys, whole Authorization values.
const MaxCredential = 32 << 10

// State is what a request's credential header is like.
type State int

const (
	// Absent: there is no such header, or it is empty.
	Absent State = iota
	// Given: there is one value. It may be there several times.
	Given
	// Unusable: it is longer than MaxCredential, or the header is there again with another value, so that another
	// component may take another credential for the client's. The plugin answers as to a bad credential.
	Unusable
)

// Credential returns the value of a header that holds a credential, "" unless it is Given. name is in lower case.
func Credential(headers [][2]string, name string) (string, State) {
	value, found := "", false
	for i := range headers {
		if headers[i][0] != name {
			continue
		}
		if found && headers[i][1] != value {
			return "", Unusable
		}
		value, found = headers[i][1], true
	}
	if value == "" {
		return "", Absent
	}
	if len(value) > MaxCredential {
		return "", Unusable
	}
	return value, Given
}

// CutScheme returns what follows a scheme word (RFC 9110, section 11.4: compared without case, at least one space),
// without the spaces around it. ok is false where the value does not begin with that word and a space.
func CutScheme(value, scheme string) (rest string, ok bool) {
	if len(value) <= len(scheme) || value[len(scheme)] != ' ' || !strings.EqualFold(value[:len(scheme)], scheme) {
		return value, false
	}
	return strings.Trim(value[len(scheme):], " "), true
}
