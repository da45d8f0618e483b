package wrapper

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
)

// newUUID draws a version 4 UUID. It names things in logs and leases and is no secret; the runtime seeds the generator
// from the host's random source.
func newUUID() string {
	var b [16]byte
	for i := 0; i < len(b); i += 8 {
		r := rand.Uint64()
		for j := 0; j < 8; j++ {
			b[i+j] = byte(r >> (8 * j))
		}
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func decimal(n int) string { return strconv.Itoa(n) }
