package schema

// kind is what a JSON value is.
type kind uint8

const (
	null kind = iota
	no
	yes
	number
	text
	array
	object
)

// node is a value. The values in an array follow their array; in an object, names and values alternate.
type node struct {
	kind       kind
	escaped    bool   // a text that holds backslashes to be decoded
	start, end uint32 // in the source; of a text without its quotes
	next       uint32 // the node after this one and all in it
	count      uint32 // of items or members
}

// Document is a JSON document that can be validated, any number of times. It refers to the text it was made of.
type Document struct {
	source string
	nodes  []node
}

// root is the node of the whole document.
const root = 0

// raw is a number, or a text that may be escaped.
func (d *Document) raw(at uint32) string { return d.source[d.nodes[at].start:d.nodes[at].end] }

// text is a string's value.
func (d *Document) text(at uint32) string {
	raw := d.raw(at)
	if !d.nodes[at].escaped {
		return raw
	}
	return unescape(raw)
}

// member finds the value of a name in an object.
func (d *Document) member(at uint32, name string) (value uint32, ok bool) {
	for key := at + 1; key < d.nodes[at].next; key = d.nodes[key+1].next {
		if d.text(key) == name {
			return key + 1, true
		}
	}
	return 0, false
}

// Record is a document that is an object of strings in which a name may have several values.
type Record struct {
	Document
	others []other
}

// other is one more value of a name.
type other struct{ at, start, end uint32 }

// NewRecord makes a record of names and values.
func NewRecord(pairs [][2]string) *Record {
	size := 0
	for i := range pairs {
		size += len(pairs[i][0]) + len(pairs[i][1])
	}
	r := &Record{}
	source := make([]byte, 0, size)
	r.nodes = append(make([]node, 0, 1+2*len(pairs)), node{kind: object})
	places := make(map[string]uint32, len(pairs))
	for _, pair := range pairs {
		at, known := places[pair[0]]
		if !known {
			at = uint32(len(r.nodes)) + 1
			places[pair[0]] = at
			start := uint32(len(source))
			source = append(source, pair[0]...)
			r.nodes = append(r.nodes, node{kind: text, start: start, end: uint32(len(source)), next: at}, node{kind: text, next: at + 1})
			r.nodes[root].count++
		}
		start := uint32(len(source))
		source = append(source, pair[1]...)
		end := uint32(len(source))
		value := &r.nodes[at]
		if known && string(source[value.start:value.end]) != pair[1] {
			r.others = append(r.others, other{at, value.start, value.end})
		}
		value.start, value.end = start, end
	}
	r.nodes[root].next = uint32(len(r.nodes))
	r.source = string(source)
	return r
}
