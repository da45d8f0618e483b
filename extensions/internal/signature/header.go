package signature

// Presence is how often a request has a header.
type Presence int

const (
	// Absent: not at all.
	Absent Presence = iota
	// Once: with one value, maybe several times.
	Once
	// Conflicting: with several different values. Only the first can be signed, and a backend may read another one, so no
	// signature is good for such a request.
	Conflicting
)

// Header returns the first value of a header and how often there is one. name is in lower case; "host" is the pseudo
// header ":authority", as in Envoy.
func Header(headers [][2]string, name string) (value string, presence Presence) {
	for i := range headers {
		if headers[i][0] != name && (name != "host" || headers[i][0] != ":authority") {
			continue
		}
		if presence == Once && headers[i][1] != value {
			return value, Conflicting
		}
		if presence == Absent {
			value, presence = headers[i][1], Once
		}
	}
	return value, presence
}
