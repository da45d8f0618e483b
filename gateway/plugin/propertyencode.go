package plugin

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/wasmplane/wasmplane/gateway/abi"
	"github.com/wasmplane/wasmplane/gateway/header"
)

// encodeInt gives int and uint values: 8 bytes LE.
func encodeInt[T int | int64 | uint64 | uint16 | uint32](n T) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(n))
}

func encodeDouble(n float64) []byte {
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(n))
}

func encodeBool(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

// encodeTime gives nanoseconds since 1970.
func encodeTime(t time.Time) []byte { return encodeInt(t.UnixNano()) }

// encodeDuration gives nanoseconds.
func encodeDuration(d time.Duration) []byte { return encodeInt(int64(d)) }

// encodeHeaders gives a string map: each name once, with its values joined by commas.
func encodeHeaders(h *header.Map) []byte {
	var pairs [][2]string
	seen := map[string]bool{}
	for _, e := range h.Entries() {
		if !seen[e.Name] {
			seen[e.Name] = true
			pairs = append(pairs, [2]string{e.Name, strings.Join(h.Values(e.Name), ",")})
		}
	}
	return abi.EncodePairs(pairs)
}

// headerAttribute answers the leaf "headers" (or "trailers") as a whole and "headers" + name.
func headerAttribute(h *header.Map, name string, one bool) ([]byte, abi.Status) {
	if h == nil {
		return nil, abi.NotFound
	}
	if !one {
		return encodeHeaders(h), abi.OK
	}
	values := h.Values(name)
	if values == nil {
		return nil, abi.NotFound
	}
	return []byte(strings.Join(values, ",")), abi.OK
}

// addressAttribute answers the leaves address ("ip:port") and port.
func addressAttribute(a netip.AddrPort, leaf string) ([]byte, abi.Status) {
	if !a.IsValid() {
		return nil, abi.NotFound
	}
	switch leaf {
	case "address":
		return []byte(a.String()), abi.OK
	case "port":
		return encodeInt(a.Port()), abi.OK
	}
	return nil, abi.NotFound
}
