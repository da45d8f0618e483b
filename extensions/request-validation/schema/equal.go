package schema

import (
	"encoding/binary"
	"hash/maphash"
)

// equal compares two values as JSON Schema does: numbers by value, objects whatever the order of their members.
func equal(a *Document, i uint32, b *Document, j uint32) bool {
	x, y := &a.nodes[i], &b.nodes[j]
	if x.kind != y.kind || x.count != y.count {
		return false
	}
	switch x.kind {
	case number:
		return newDecimal(a.raw(i)).compare(newDecimal(b.raw(j))) == 0
	case text:
		return a.text(i) == b.text(j)
	case array:
		for i, j = i+1, j+1; i < x.next; i, j = a.nodes[i].next, b.nodes[j].next {
			if !equal(a, i, b, j) {
				return false
			}
		}
	case object:
		return equalObjects(a, i, b, j)
	}
	return true
}

func equalObjects(a *Document, i uint32, b *Document, j uint32) bool {
	values := make(map[string]uint32, b.nodes[j].count)
	for key := j + 1; key < b.nodes[j].next; key = b.nodes[key+1].next {
		values[b.text(key)] = key + 1
	}
	for key := i + 1; key < a.nodes[i].next; key = a.nodes[key+1].next {
		value, ok := values[a.text(key)]
		if !ok || !equal(a, key+1, b, value) {
			return false
		}
	}
	return true
}

// seed is the VM's own, so nobody can make values whose digests collide.
var seed = maphash.MakeSeed()

// digest is the same for equal values, and as good as never for others.
func (d *Document) digest(at uint32) uint64 {
	n := &d.nodes[at]
	var h maphash.Hash
	h.SetSeed(seed)
	_ = h.WriteByte(byte(n.kind))
	var word [8]byte
	switch n.kind {
	case number:
		value := newDecimal(d.raw(at))
		_ = h.WriteByte(byte(value.sign()))
		binary.LittleEndian.PutUint64(word[:], uint64(value.exponent))
		_, _ = h.Write(word[:])
		_, _ = h.WriteString(value.digits)
	case text:
		_, _ = h.WriteString(d.text(at))
	case array:
		for item := at + 1; item < n.next; item = d.nodes[item].next {
			binary.LittleEndian.PutUint64(word[:], d.digest(item))
			_, _ = h.Write(word[:])
		}
	case object:
		var sum uint64
		for key := at + 1; key < n.next; key = d.nodes[key+1].next {
			binary.LittleEndian.PutUint64(word[:], d.digest(key))
			var member maphash.Hash
			member.SetSeed(seed)
			_, _ = member.Write(word[:])
			binary.LittleEndian.PutUint64(word[:], d.digest(key+1))
			_, _ = member.Write(word[:])
			sum += member.Sum64()
		}
		binary.LittleEndian.PutUint64(word[:], sum)
		_, _ = h.Write(word[:])
	}
	return h.Sum64()
}

// hasEqualItems tells whether two items of an array are equal.
func (d *Document) hasEqualItems(at uint32) bool {
	n := &d.nodes[at]
	if n.count < 2 {
		return false
	}
	seen := make(map[uint64]uint32, n.count)
	for item := at + 1; item < n.next; item = d.nodes[item].next {
		digest := d.digest(item)
		if before, ok := seen[digest]; ok && equal(d, before, d, item) {
			return true
		}
		seen[digest] = item
	}
	return false
}
