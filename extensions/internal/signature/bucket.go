package signature

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// A bucket is a value in shared memory: entries one after the other, each a digest and the Unix time, in seconds, at
// which it may be forgotten.
const (
	digestSize = 16
	entrySize  = digestSize + 8
)

var errBucket = errors.New("what is remembered of earlier requests cannot be read")

// enter puts a digest into a bucket of at most room entries, and returns the new bucket. Entries whose time has come are
// left out.
func enter(bucket []byte, digest [digestSize]byte, room int, now, until time.Time) ([]byte, Outcome, error) {
	if len(bucket)%entrySize != 0 {
		return nil, Full, errBucket
	}
	kept := make([]byte, 0, len(bucket)+entrySize)
	for at := 0; at < len(bucket); at += entrySize {
		entry := bucket[at : at+entrySize]
		if int64(binary.BigEndian.Uint64(entry[digestSize:])) <= now.Unix() {
			continue
		}
		if bytes.Equal(entry[:digestSize], digest[:]) {
			return nil, Used, nil
		}
		kept = append(kept, entry...)
	}
	if len(kept) >= room*entrySize {
		return nil, Full, nil
	}
	kept = append(kept, digest[:]...)
	return binary.BigEndian.AppendUint64(kept, uint64(until.Unix())), Fresh, nil
}
