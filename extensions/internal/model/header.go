package model

// IsHeaderValue tells whether a name can be the value of a header: it has no control characters (RFC 9110, section 5.5).
func IsHeaderValue(name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] < ' ' || name[i] == 0x7f {
			return false
		}
	}
	return true
}
