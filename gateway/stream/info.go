package stream

import "strings"

// AddResponseFlags notes Envoy's short response flags (one, or several separated by commas), each once and in the order
// of their first appearance.
func (i *Info) AddResponseFlags(flags string) {
	for flag := range strings.SplitSeq(flags, ",") {
		if flag == "" || i.HasResponseFlag(flag) {
			continue
		}
		if i.ResponseFlags != "" {
			i.ResponseFlags += ","
		}
		i.ResponseFlags += flag
	}
}

// HasResponseFlag reports whether the short flag was noted.
func (i *Info) HasResponseFlag(flag string) bool {
	for have := range strings.SplitSeq(i.ResponseFlags, ",") {
		if have == flag {
			return true
		}
	}
	return false
}
