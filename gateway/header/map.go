// Package header holds the ordered, case-insensitive header maps that the gateway's filters, plugins and codecs share.
// It follows Envoy's HeaderMap (source/common/http/header_map_impl.cc in behaviour, not in code): names are lower case,
// entries keep their order, pseudo headers are ordinary entries, and a few built-in names have a single slot.
package header

import "strings"

// Entry is one header line. Name is lower case.
type Entry struct {
	Name, Value string
}

// Map is an ordered list of header entries. The zero value is an empty map, ready to use. A Map is not safe for
// concurrent use: it belongs to the worker of its stream.
type Map struct {
	entries []Entry
}

// New returns a map with the given pairs, added in order without joining.
func New(pairs ...[2]string) *Map {
	m := &Map{entries: make([]Entry, 0, len(pairs))}
	for _, p := range pairs {
		m.Append(p[0], p[1])
	}
	return m
}

// Len returns the number of entries, pseudo headers included.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.entries)
}

// ByteSize returns the total bytes of names and values.
func (m *Map) ByteSize() int {
	if m == nil {
		return 0
	}
	n := 0
	for _, e := range m.entries {
		n += len(e.Name) + len(e.Value)
	}
	return n
}

// Entries returns the entries in order. The slice is valid until the next write and must not be changed.
func (m *Map) Entries() []Entry {
	if m == nil {
		return nil
	}
	return m.entries
}

// Get returns the first value of name and whether there is one.
func (m *Map) Get(name string) (string, bool) {
	if m == nil {
		return "", false
	}
	name = slot(name)
	for i := range m.entries {
		if m.entries[i].Name == name {
			return m.entries[i].Value, true
		}
	}
	return "", false
}

// Value returns the first value of name, or "" if there is none.
func (m *Map) Value(name string) string {
	v, _ := m.Get(name)
	return v
}

// Values returns all values of name in order.
func (m *Map) Values(name string) []string {
	if m == nil {
		return nil
	}
	name = slot(name)
	var values []string
	for _, e := range m.entries {
		if e.Name == name {
			values = append(values, e.Value)
		}
	}
	return values
}

// Has reports whether there is an entry of that name.
func (m *Map) Has(name string) bool {
	_, ok := m.Get(name)
	return ok
}

// Append adds an entry at the end and never joins. Codecs use it for what came over the wire.
func (m *Map) Append(name, value string) {
	m.entries = append(m.entries, Entry{slot(name), value})
}

// Add adds an entry the way a filter does: a built-in single-slot name that is present already gets the value joined
// onto its own with a comma (cookie: "; "), every other name gets a further entry.
func (m *Map) Add(name, value string) {
	name = slot(name)
	if sep, single := singleSlot[name]; single {
		for i := range m.entries {
			if m.entries[i].Name == name {
				if m.entries[i].Value != "" {
					value = m.entries[i].Value + sep + value
				}
				m.entries[i].Value = value
				return
			}
		}
	}
	m.entries = append(m.entries, Entry{name, value})
}

// Set removes all entries of name but the first, which gets value; an absent name is added at the end.
func (m *Map) Set(name, value string) {
	name = slot(name)
	for i := range m.entries {
		if m.entries[i].Name == name {
			m.entries[i].Value = value
			m.removeFrom(i+1, name)
			return
		}
	}
	m.entries = append(m.entries, Entry{name, value})
}

// Remove drops all entries of name and returns how many there were.
func (m *Map) Remove(name string) int {
	if m == nil {
		return 0
	}
	before := len(m.entries)
	m.removeFrom(0, slot(name))
	return before - len(m.entries)
}

// Clear drops all entries.
func (m *Map) Clear() {
	m.entries = m.entries[:0]
}

// Clone returns an independent copy; the clone of nil is nil.
func (m *Map) Clone() *Map {
	if m == nil {
		return nil
	}
	return &Map{entries: append([]Entry(nil), m.entries...)}
}

// Pairs returns the entries as name and value pairs, in order.
func (m *Map) Pairs() [][2]string {
	pairs := make([][2]string, 0, m.Len())
	for _, e := range m.Entries() {
		pairs = append(pairs, [2]string{e.Name, e.Value})
	}
	return pairs
}

func (m *Map) removeFrom(start int, name string) {
	kept := m.entries[:start]
	for _, e := range m.entries[start:] {
		if e.Name != name {
			kept = append(kept, e)
		}
	}
	m.entries = kept
}

// slot returns the lower-case name under which an entry is kept. "host" and ":authority" share one.
func slot(name string) string {
	name = strings.ToLower(name)
	if name == "host" {
		return ":authority"
	}
	return name
}

// singleSlot maps Envoy's built-in names to the separator that joins a second value onto the first.
var singleSlot = map[string]string{
	":authority": ",", ":method": ",", ":path": ",", ":protocol": ",", ":scheme": ",", ":status": ",",
	"connection": ",", "content-length": ",", "content-type": ",", "cookie": "; ", "date": ",",
	"grpc-message": ",", "grpc-status": ",", "grpc-timeout": ",", "keep-alive": ",", "location": ",",
	"proxy-connection": ",", "server": ",", "te": ",", "transfer-encoding": ",", "upgrade": ",",
	"user-agent": ",", "via": ",", "x-client-trace-id": ",",
	"x-envoy-attempt-count": ",", "x-envoy-decorator-operation": ",", "x-envoy-expected-rq-timeout-ms": ",",
	"x-envoy-external-address": ",", "x-envoy-internal": ",", "x-envoy-original-host": ",",
	"x-envoy-original-path": ",", "x-envoy-upstream-service-time": ",",
	"x-forwarded-client-cert": ",", "x-forwarded-for": ",", "x-forwarded-host": ",",
	"x-forwarded-port": ",", "x-forwarded-proto": ",", "x-request-id": ",",
}
