package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
)

// longestValue is the longest value that is part of a counter's name as it is, in bytes.
const longestValue = 256

// CounterValue returns how a value stands in a counter's name: clients choose values, and must not choose how much room
// a counter's name takes. Long ones become `sha256-` and the digest in hexadecimal.
func CounterValue(value string) string {
	if len(value) <= longestValue {
		return value
	}
	sum := sha256.Sum256([]byte(value))
	return "sha256-" + hex.EncodeToString(sum[:])
}
