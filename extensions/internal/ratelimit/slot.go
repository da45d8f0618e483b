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
// again are left out. The others are in the order in which they were last taken from, so a new one is the last.
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

// forget leaves out one bucket of a slot without room. A flood of values must free nobody who has used up a quota, and must
// keep nobody out who has used none:
//
//   - Of buckets that still grant something, the one that has used least goes, of several the one that has waited longest.
//     The newest stays, so that who asks often is counted although others come in between.
//   - Where all are used up, the newest goes, whatever it has used: it takes the last place of the slot from another newcomer,
//     while those who were there before the flood stay until their time is over. The new value itself is granted its first
//     request. How much each has used says nothing here: of a token bucket it is less the longer ago that was.
//
// So beyond its room a slot counts new values badly. Refusing them instead would let a flood lock out everybody else.
func (l *Limit) forget(slot []byte, now int64) []byte {
	least, at := 0.0, -1
	for i := 0; i < len(slot); i += slotEntry {
		e, _ := decode(slot[i+digestSize : i+slotEntry])
		if _, next := l.take(e, true, now); !next.Passed {
			continue
		}
		if used := l.used(e, now); at < 0 || used < least {
			least, at = used, i
		}
	}
	if at < 0 {
		at = len(slot) - slotEntry
	}
	return append(slot[:at], slot[at+slotEntry:]...)
}
