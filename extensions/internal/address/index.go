package address

import "math/bits"

// bucket is how many entries are searched one by one.
const bucket = 8

// subnode marks a slot that holds the number of a node instead of a position.
const subnode = 1 << 31

// index finds where in a sorted list of 128-bit keys to begin a search, in a time that hardly depends on the length of
// the list. A node spreads its keys over about as many slots as it has keys, by their distance from its first key; a slot
// with more than a bucket of them gets a node of its own. Nodes go by the upper half of the keys, and where that is the
// same by the lower half. The depth is bounded by the width of a key: at least four bits are settled at each level.
//
// It costs 4 to 8 bytes a key, plus 40 bytes a node. The zero index is for lists of a bucket or less.
type index struct {
	nodes []node
	slots []uint32 // the position of the first key that belongs here or later, or subnode and the number of a node
}

type node struct {
	base       uint64 // the first key's half
	upper      uint64 // the upper half that all keys share, where lower is set
	from, to   uint32 // positions of the keys
	slot, many uint32 // the slots
	shift      uint8
	lower      bool
}

// newIndex indexes n keys in ascending order.
func newIndex(n int, key func(i int) (upper, lower uint64)) index {
	var x index
	if n > bucket {
		x.build(0, uint32(n), key)
	}
	return x
}

// build appends the node of the keys at [from, to) and returns its number.
func (x *index) build(from, to uint32, key func(i int) (upper, lower uint64)) uint32 {
	firstUpper, firstLower := key(int(from))
	lastUpper, lastLower := key(int(to - 1))
	n := node{base: firstUpper, upper: firstUpper, from: from, to: to}
	span := lastUpper - firstUpper
	if span == 0 {
		n.lower, n.base, span = true, firstLower, lastLower-firstLower
	}
	n.shift = shiftFor(span, bits.Len32(to-from))
	if n.crowded(key) {
		n.shift = shiftFor(span, min(bits.Len32(to-from), 8))
	}
	n.slot, n.many = uint32(len(x.slots)), uint32(span>>n.shift)+1
	x.slots = append(x.slots, make([]uint32, n.many)...)
	number := uint32(len(x.nodes))
	x.nodes = append(x.nodes, n)
	next := from
	for s := range n.many {
		first := next
		for next < to && n.slotOf(key(int(next))) == uint64(s) {
			next++
		}
		x.slots[n.slot+s] = first
		if next-first > bucket {
			x.slots[n.slot+s] = subnode | x.build(first, next, key)
		}
	}
	return number
}

// shiftFor leaves so many bits of span.
func shiftFor(span uint64, left int) uint8 { return uint8(max(bits.Len64(span)-left, 0)) }

// crowded reports whether the keys lie in so few slots that most of these need a node of their own. Few, large nodes
// then serve better, because they stay in the processor's cache.
func (n *node) crowded(key func(i int) (upper, lower uint64)) bool {
	occupied, last := uint32(0), ^uint64(0)
	for i := n.from; i < n.to; i++ {
		if slot := n.slotOf(key(int(i))); slot != last {
			occupied, last = occupied+1, slot
		}
	}
	return occupied*bucket < n.to-n.from
}

func (n *node) slotOf(upper, lower uint64) uint64 {
	if n.lower {
		return (lower - n.base) >> n.shift
	}
	return (upper - n.base) >> n.shift
}

// find returns a position such that every key before it is at most the given one, and at most a bucket of keys from it on
// are.
func (x *index) find(upper, lower uint64) int {
	if len(x.nodes) == 0 {
		return 0
	}
	number := uint32(0)
	for {
		n := &x.nodes[number]
		half := upper
		if n.lower {
			if upper != n.upper {
				return n.outside(upper > n.upper)
			}
			half = lower
		}
		if half < n.base {
			return int(n.from)
		}
		s := (half - n.base) >> n.shift
		if s >= uint64(n.many) {
			return int(n.to)
		}
		slot := x.slots[n.slot+uint32(s)]
		if slot&subnode == 0 {
			return int(slot)
		}
		number = slot &^ subnode
	}
}

func (n *node) outside(after bool) int {
	if after {
		return int(n.to)
	}
	return int(n.from)
}
