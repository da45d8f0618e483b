package ratelimit

import (
	"crypto/sha256"
	"encoding/binary"
)

// Sizes of the room for buckets of values. Shared data has no delete, so the values of a limit share a fixed number of
// slots: 1024 of up to 384 bytes.
const (
	slots       = 1024
	slotRoom    = 16 // buckets in a slot
	digestSize  = 8
	slotEntry   = digestSize + entrySize
	longestSlot = slotRoom * slotEntry
)

// place is where a value's bucket is: its slot, and the digest by which it is found in there.
func place(value string) (slot uint64, digest [digestSize]byte) {
	sum := sha256.Sum256([]byte(value))
	copy(digest[:], sum[digestSize:])
	return binary.LittleEndian.Uint64(sum[:]) % slots, digest
}

// takeIn decides about a request of the value with that digest, and returns the slot as it then is. Buckets that are full
// again are left out. Where there is no room the bucket that has the least to remember is forgotten: one that holds
// nobody back for long, so that a flood of new values does not free those who used up their quota.
func (l *Limit) takeIn(slot []byte, digest [digestSize]byte, now int64) ([]byte, Decision) {
	if len(slot)%slotEntry != 0 || len(slot) > longestSlot {
		slot = nil
	}
	kept := make([]byte, 0, longestSlot)
	var own entry
	there := false
	for ; len(slot) > 0; slot = slot[slotEntry:] {
		e, _ := decode(slot[digestSize:slotEntry])
		switch {
		case [digestSize]byte(slot) == digest:
			own, there = e, true
		case !l.spent(e, now):
			kept = append(kept, slot[:slotEntry]...)
		}
	}
	own, decision := l.take(own, there, now)
	if len(kept) == longestSlot {
		kept = l.forget(kept, now)
	}
	kept = append(kept, digest[:]...)
	return own.append(kept), decision
}

// forget leaves out the bucket that has used least.
func (l *Limit) forget(slot []byte, now int64) []byte {
	least, at := 0.0, -1
	for i := 0; i < len(slot); i += slotEntry {
		e, _ := decode(slot[i+digestSize : i+slotEntry])
		if used := l.used(e, now); at < 0 || used < least {
			least, at = used, i
		}
	}
	return append(slot[:at], slot[at+slotEntry:]...)
}
